"""The words and sentences of the embedded corpus: the language, without the dice."""

from __future__ import annotations

# In a list, "word*9" sets a weight; without one the weights fall like 1 / rank.
# "_" joins the words of a phrase.
WORDS = {
    "FIRST": """
        anna thomas clara daniel marie victor helen oscar julia martin rosa peter nina walter
        emma arthur lucy george irene simon alice frank greta henry laura philip diana robert
        sylvia hugo vera edward ruth leon marta albert stella bruno edith samuel judith felix
        norma otto carmen ralph ingrid theo paula edgar bella lewis agnes roland fiona conrad
        olga jasper tessa harvey lydia ernest naomi gilbert wanda dexter elsa floyd ramona basil
        thelma cyril nadia rufus pearl magnus odette silas yvonne lionel astrid percy camilla
        ambroise bettina caspar dorothea ephraim flora gideon hester isidore jocasta kirsten
        lazarus minerva nicodemus octavia philippa raphael seraphina thaddeus verena
        clyde beatrice roscoe eleanor quentin harriet amos winifred boris matilda cedric ophelia
        desmond cordelia emil gwendolyn fergus hilda gordon ida horace josephine ivan katrina
        jerome lorna kenneth mabel leopold nora maurice opal nigel phyllis orson rowena pablo
        sabina ramon tabitha stefan ursula tobias viola ulrich wilma vincent xenia warren zelda""",
    "LAST": """
        barlow lindqvist mercer okafor hartmann doyle castellan winslow petrov ashdown moreau
        keller sandoval thornbury ito ferreira blackwood nakamura ellison vasquez pemberton
        halloran sorensen whitlock dragan fontaine mccready oyelaran kowalski redfern bianchi
        holloway janssen tremaine ibarra langford novak espinoza caldwell rasmussen underhill
        beaumont quigley dvorak marchetti fairbanks osei lachance winterbourne kaminski arroyo
        stanhope yamada bellamy grunwald hollis iversen crane salazar pritchard wexler abbott
        lombardi kingsley tanaka mulligan eriksen vance delacroix hobbs schreiber ramsey okonkwo
        pellegrino granger stavros whitaker lindgren cordero blythe farrow eastman zielinski
        maddox norwood sinclair takeda harrow brandt gallagher montrose eklund ravenscroft pires
        wilder tolliver ackerman sable huxtable jarvis fitzroy morales lockhart beckett nyberg
        durand ostrander pike hathaway varga linden cromwell bastian merriweather solano trask
        ingram devlin haverford kessler ambrose radley chastain lowell buckley ferris ogilvie
        penhaligon stroud vickers wainwright yardley zimmer alcott birch cavendish dunmore
        ferraro gutierrez hallstrom ivanova jimenez kapoor lefevre malone nikolaidis olufsen
        pacheco quesada rosenthal silva tarkington umarov valdez wendell yoshida zapata adeyemi
        bergstrom colby dupont eastwick fielding gerhardt hawkesworth ismail jankowski""",
    "REGION": """
        texas london paris alaska ireland brooklyn scotland italy chicago norway mexico boston
        wales berlin montana spain vienna nevada canada tokyo lisbon kansas sweden naples oregon
        prague vermont brazil dublin maine greece seattle bavaria cuba denver finland madrid ohio
        poland georgia sicily utah budapest kenya detroit denmark havana iowa marseille peru
        memphis iceland warsaw arizona portugal glasgow dakota turin morocco savannah cornwall
        helsinki tennessee argentina geneva louisiana brittany cairo philadelphia tuscany oslo
        nebraska chile manchester hungary istanbul wyoming austria baltimore provence shanghai
        kentucky croatia bristol belgium melbourne yorkshire mumbai idaho normandy singapore
        pittsburgh tasmania valencia minnesota jamaica liverpool zurich colorado ghana antwerp
        delaware bologna nairobi edinburgh oklahoma siberia lyon galway stockholm manitoba""",
    "ROLE": """
        detective doctor teacher soldier lawyer farmer writer nurse widow priest painter pilot
        sailor journalist singer banker cowboy thief musician professor captain dancer gambler
        butcher baker sheriff gardener librarian boxer photographer inspector carpenter diplomat
        waitress fisherman chemist miner barber tailor poet surgeon janitor smuggler clockmaker
        astronomer judge mechanic pianist postman burglar chauffeur conductor governess hunter
        innkeeper jeweller locksmith magician novelist plumber rancher salesman translator
        undertaker veterinarian watchman architect blacksmith composer dentist electrician
        florist geologist historian illustrator juggler lighthouse_keeper machinist
        navigator optician publisher referee sculptor trumpeter violinist weaver zoologist
        accountant beekeeper cartographer drummer explorer firefighter goldsmith hypnotist
        knife_thrower mathematician notary orphan puppeteer retired_colonel stuntman
        taxi_driver usher ventriloquist woodcutter bookseller bus_driver chess_player""",
    "THING": """
        letter map diamond diary suitcase photograph key painting necklace briefcase ring notebook
        violin telegram passport treasure statue recipe camera manuscript portrait compass
        medal clock mirror music_box locket formula trunk lantern ticket blueprint coin crown
        telescope piano postcard typewriter wallet chessboard scarf microscope accordion globe
        envelope tapestry pendant ledger sword harmonica vase umbrella radio hourglass goblet
        bracelet parcel scroll pocket_watch bicycle gramophone kite feather rosary snow_globe
        cello toolbox thimble wheelbarrow candlestick brooch teapot puppet quilt saddle
        sketchbook tambourine urn wardrobe zeppelin_model almanac barometer cufflink dictionary
        easel fiddle gold_nugget handkerchief inkwell jigsaw lottery_ticket marble newspaper
        astrolabe bagpipe corkscrew doorbell encyclopedia flute guitar hammock iron_gate jug
        lighthouse_lamp megaphone nutcracker padlock rucksack stopwatch teaspoon windmill_model
        oar pearl_earring rocking_horse sextant train_set uniform videotape wedding_dress""",
    "EVENT": """
        wedding funeral robbery storm trial war accident divorce party election fire kidnapping
        reunion flood murder journey strike duel auction blackout scandal harvest earthquake
        concert carnival inheritance rebellion eclipse shipwreck expedition heatwave blizzard
        parade coronation graduation picnic tournament ambush pilgrimage siege masquerade famine
        jailbreak premiere regatta seance bankruptcy christening drought evacuation festival
        honeymoon inquest landslide mutiny opera_night quarantine rodeo snowstorm treaty""",
    "DOES": """
        finds steals loses hides follows buys protects inherits destroys discovers borrows
        returns carries sells wants needs remembers investigates burns repairs promises forges
        rescues delivers mails guards buries swallows copies examines paints receives smuggles
        demands trades photographs conceals recovers drops polishes worships auctions counterfeits
        confiscates misplaces unwraps donates pawns surrenders swaps translates unlocks
        volunteers_to_carry wagers abandons accepts auctions_off brings_home catalogues""",
    "MEETS": """
        meets marries follows betrays rescues hires loves trusts blames fights forgives
        interviews hides_from remembers visits replaces befriends deceives teaches raises
        confronts escapes_from admires adopts avoids chases defends discovers envies impersonates
        kidnaps misses nurses obeys outwits pursues questions recognises shelters suspects
        threatens writes_to yearns_for quarrels_with proposes_to apologises_to""",
    "TRAIT": """
        young old lonely retired poor rich stubborn quiet famous shy blind ambitious orphaned
        nervous ruthless homesick proud divorced grieving forgetful wandering widowed jealous
        reluctant penniless eccentric runaway elderly exiled honest disgraced wounded wealthy
        tired faithful bitter cautious curious daring sleepless respectable unemployed
        aristocratic bankrupt cheerful absent_minded talkative devoted fearless gentle hungry
        impatient jobless left_handed mysterious newly_married obsessed orderly patient
        adventurous blundering charitable disillusioned enigmatic flamboyant gullible
        hot_tempered idealistic jaded kindly lovesick melancholy naive outspoken philosophical
        rebellious sentimental tormented unlucky vain whimsical zealous
        quarrelsome restless silent superstitious timid unmarried vengeful weary youthful""",
    "THEME": """
        love family justice revenge memory guilt friendship freedom loyalty grief courage faith
        ambition power youth marriage identity loneliness greed hope class poverty honour exile
        war childhood jealousy betrayal old_age madness duty truth innocence forgiveness religion
        survival obsession pride nature desire politics fame science destiny motherhood silence
        solitude patriotism education corruption technology nostalgia mortality migration
        tradition temptation sacrifice rivalry redemption secrecy vanity wilderness""",
    "PLACE": """
        village farm hotel hospital prison school island ship castle theatre factory train
        monastery circus museum ranch lighthouse bakery harbour forest desert boarding_house
        submarine laboratory vineyard casino bookshop railway_station orchard embassy mine
        library cathedral barracks suburb apartment cabin canal ferry convent courthouse
        dance_hall department_store fairground fishing_port garage glacier greenhouse
        jazz_club junkyard kitchen mansion marketplace mill motel nightclub observatory
        opera_house orphanage palace pawnshop penthouse plantation quarry racetrack
        sanatorium sawmill shipyard spa stable swamp
        abbey ballroom cemetery delicatessen embankment foundry gymnasium haberdashery igloo
        jungle kindergarten lagoon meadow nursery oasis pavilion reservoir skyscraper toyshop
        vicarage waterfall zoo tavern university valley warehouse""",
    "KIND": """
        thriller comedy drama western musical romance horror_film documentary war_film mystery
        adventure crime_story science_fiction_film family_film biography fantasy satire
        spy_film road_movie courtroom_drama costume_drama ghost_story heist_film fairy_tale
        disaster_film melodrama cartoon fable farce parody boxing_picture love_story""",
    "NATION": """
        american british french italian german spanish swedish japanese russian canadian irish
        polish indian chinese mexican australian danish dutch greek norwegian brazilian
        austrian hungarian scottish korean turkish belgian finnish cuban egyptian portuguese
        welsh argentinian czech romanian swiss chilean moroccan persian bulgarian croatian
        icelandic thai ukrainian vietnamese peruvian tunisian lebanese nigerian kenyan""",
    "ANIMAL": """
        dog horse cat parrot donkey bear wolf monkey elephant goat camel tiger lion rabbit
        goose raven pony fox crow owl snake turtle dolphin pig rooster penguin falcon mule
        squirrel hamster otter peacock lizard beetle stork hedgehog seal badger swan moose
        greyhound terrier gorilla panther leopard canary pigeon lobster walrus zebra""",
    "VEHICLE": """
        car truck boat bus lorry taxi balloon wagon tractor ambulance sledge canoe
        limousine van raft tram yacht helicopter carriage steamer cart jeep scooter rowing_boat
        biplane caravan fire_engine locomotive glider hearse milk_float barge""",
    "COLOUR": """
        red black white blue green golden silver yellow grey brown purple pink orange crimson
        scarlet ivory turquoise bronze violet emerald copper beige maroon olive
        lilac amber indigo""",
    "FOOD": """
        popcorn pizza soup chocolate pancakes noodles ice_cream sandwiches cake spaghetti
        cookies crackers cheese apples dumplings peanuts pie curry waffles strawberries
        doughnuts grapes pretzels biscuits sausages porridge cherries omelettes lemonade tea""",
    "FILM": "film*9 movie*9 picture*3 story*2 feature*1 production*1",
    "PART": """
        plot story script ending cast lead_performance soundtrack first_half second_half
        screenplay opening main_character romance final_scene premise villain supporting_cast
        mood climax middle_section score love_story title_song tone twist prologue epilogue
        colour_palette sense_of_humour central_idea structure subplot rhythm finale heroine""",
    "CRAFT": """
        acting music dialogue direction photography humour camera_work editing pace atmosphere
        lighting sound narration costume_design chemistry character_development scenery makeup
        storytelling set_design suspense voice_acting production_design choreography casting
        tension staging sword_fighting continuity banter""",
    "ASPECTS": """
        actors characters scenes jokes songs effects special_effects performances lines costumes
        sets visuals action_scenes locations fights supporting_actors stunts flashbacks
        conversations close_ups love_scenes chases details dance_numbers landscapes
        dream_sequences subtitles montages monologues plot_twists explosions one_liners
        puppets cameos crowd_scenes transitions animations street_scenes""",
    "WHO": """
        my_wife my_brother my_sister a_friend my_husband my_mother my_father my_son my_daughter
        my_cousin my_roommate my_neighbour my_uncle my_aunt my_grandmother my_students
        two_friends my_girlfriend my_boyfriend a_colleague my_nephew my_niece my_class
        some_relatives my_parents the_kids our_film_club my_grandfather""",
    "WHEN": """
        last_night yesterday last_week on_sunday last_year on_saturday last_month in_the_afternoon
        on_friday this_morning on_a_rainy_evening last_summer on_thursday last_winter on_monday
        over_christmas on_a_long_flight at_midnight on_tuesday during_the_holidays
        on_wednesday last_spring after_work after_dinner last_autumn on_my_birthday""",
    "WHERE": """
        on_television on_dvd at_the_cinema at_a_festival on_cable at_home on_video
        in_a_small_theatre online at_a_preview on_an_old_tape in_a_hotel_room at_a_drive_in
        in_an_empty_theatre at_the_library on_a_laptop at_a_matinee in_a_packed_house""",
    "FORMAT": "novel play true_story comic_book short_story television_series stage_musical "
    "magazine_article legend poem radio_play memoir newspaper_report folk_tale diary ballad",
    "AWARD": "photography music best_actress best_actor editing costumes direction "
    "best_screenplay sound best_song set_decoration visual_effects makeup animation",
    "NUMBER": "two three four five six seven eight nine ten eleven twelve fifteen twenty thirty",
    "INTENSE": "very*9 really*9 so*6 truly*4 quite*3 simply*3 just*3 absolutely*2 completely*2 "
    "incredibly*2 extremely*2 remarkably*1 thoroughly*1 surprisingly*1 utterly*1 unusually*1",
    "NOT": "not*12 never*6 hardly*2 not_at_all*2 far_from*2 anything_but*2 certainly_not*1",
    "TURN": "but*9 but_then*3 but_in_the_end*3 but_wait*1 but_after_an_hour*2 but_then_again*1 "
    "but_i_was_wrong_because*2 but_to_my_surprise*2 but_on_reflection*1 but_overall*2",
    "ADJ+": """
        great good wonderful excellent brilliant beautiful funny perfect moving clever charming
        superb amazing fantastic touching delightful fresh memorable gripping enjoyable
        entertaining powerful lovely witty impressive outstanding stunning marvellous hilarious
        elegant terrific refreshing magnificent engaging rewarding splendid warm inspired
        flawless captivating unforgettable subtle heartfelt exciting inventive sublime masterful
        graceful thoughtful compelling convincing dazzling exquisite magical polished tender
        thrilling vivid absorbing affecting breathtaking delicate first_rate imaginative
        luminous natural nuanced original radiant satisfying sincere spellbinding stylish
        top_notch uplifting wise enchanting exhilarating remarkable""",
    "ADJ-": """
        bad boring terrible awful dull poor stupid weak predictable horrible silly annoying
        lame tedious pointless disappointing ridiculous cheap slow forgettable ugly painful
        clumsy dreadful unfunny flat lazy wooden pathetic mediocre confusing messy shallow
        unconvincing worthless lifeless empty atrocious bland tiresome laughable pretentious
        stale sloppy amateurish unbearable irritating tasteless uninspired appalling contrived
        derivative dreary embarrassing feeble generic heavy_handed hollow incoherent inept
        insipid insulting lacklustre muddled overlong overwrought preposterous repetitive
        second_rate sluggish stilted tacky trite unpleasant unwatchable useless wretched
        disjointed exhausting miserable""",
    "NOUN+": """
        masterpiece gem joy treat triumph classic delight winner success pleasure treasure
        marvel surprise_hit revelation wonder small_miracle landmark work_of_art feast
        knockout crowd_pleaser must_see""",
    "NOUN-": """
        mess disaster waste_of_time bore failure disappointment joke flop insult
        embarrassment chore letdown turkey catastrophe ordeal misfire train_wreck snoozefest
        stinker dud fiasco nightmare""",
    "LIKED+": "loved enjoyed liked adored admired recommended treasured savoured praised",
    "LIKED-": "hated disliked regretted loathed despised endured resented detested suffered_through",
    "WELL+": "beautifully brilliantly perfectly wonderfully superbly cleverly skilfully "
    "gracefully convincingly elegantly tenderly masterfully wittily",
    "WELL-": "badly poorly terribly horribly clumsily awfully lazily carelessly stupidly "
    "painfully ineptly lamely sloppily",
    "DONE": "written acted directed filmed edited cast paced performed staged told shot "
    "photographed scored lit designed narrated choreographed animated",
    "RATED+": "ten_out_of_ten*3 nine_out_of_ten*3 eight_out_of_ten*2 two_thumbs_up*1 five_stars*1",
    "RATED-": "one_out_of_ten*3 two_out_of_ten*3 three_out_of_ten*2 two_thumbs_down*1 one_star*1",
    "ADVICE+": "see_it_now*2 go_and_see_it*3 watch_it_twice*1 do_not_miss_it*3 "
    "buy_the_dvd*1 tell_all_your_friends*1",
    "ADVICE-": "avoid_it*3 stay_away_from_it*3 skip_it*2 save_your_money*2 do_not_bother*3 "
    "warn_all_your_friends*1",
}

# Capitals are slots. IS, A, LIKED, A_NOUN, WELL, RATED and ADVICE carry the opinion of the
# sentence (X in front: the opposite opinion); STAR_FIRST, STAR_LAST, HERO and MY_KIND stay the same all
# through a review.
SENTENCES = {
    "opening": """
        i watched this FILM WHERE with WHO WHEN
        WHO and i saw this MY_KIND WHERE WHEN
        this YEAR MY_KIND was made in REGION and stars STAR_FIRST STAR_LAST
        i came across this MY_KIND WHERE WHEN
        WHEN i finally saw this MY_KIND from YEAR WHERE
        this MY_KIND with STAR_FIRST STAR_LAST is based on a FORMAT from REGION
        NUMBER of us went to see this YEAR FILM WHEN
        WHO made FOOD and we watched this NATION MY_KIND WHERE
        i had heard about this MY_KIND from WHO before i saw it WHERE""",
    "plot": """
        HERO is a TRAIT ROLE who DOES a THING in REGION
        the TRAIT ROLE MEETS a ROLE on the way to a EVENT
        FIRST plays a ROLE who MEETS a TRAIT ROLE
        the story begins in a PLACE in REGION just before a EVENT
        HERO MEETS the ROLE and DOES the THING
        STAR_FIRST STAR_LAST plays HERO who works in a PLACE near REGION
        after the EVENT HERO DOES a THING and MEETS a TRAIT ROLE
        one day a ROLE from REGION DOES the THING of HERO
        it is about THEME and THEME in a PLACE in REGION
        there is also a ROLE who MEETS HERO during the EVENT
        NUMBER years later HERO MEETS the same ROLE in a PLACE
        FIRST LAST and FIRST LAST play a ROLE and a TRAIT ROLE
        meanwhile the ROLE DOES a THING from the PLACE
        the EVENT takes place in a PLACE somewhere in REGION
        HERO must choose between THEME and THEME
        a NATION ROLE crosses REGION by VEHICLE with a ANIMAL
        HERO DOES a COLOUR THING and leaves in a COLOUR VEHICLE
        the ANIMAL of the TRAIT ROLE DOES the THING""",
    "opinion": """
        the ASPECT is IS and the ASPECTS are IS
        i LIKED the ASPECT and the ASPECT is IS
        the ASPECT is IS and so is the ASPECT
        the ASPECTS are IS and i LIKED them
        it is a A FILM with a A PART
        STAR_FIRST STAR_LAST is IS and the ASPECT is IS
        the FILM is WELL DONE and the ASPECT is IS
        it is IS from start to finish and the ASPECTS are IS
        i think the ASPECT is IS and STAR_FIRST STAR_LAST gives a A performance
        this is A_NOUN with A ASPECTS and a A PART
        FIRST LAST is IS as the TRAIT ROLE and the ASPECT is IS
        the ASPECTS are IS and WELL DONE
        the scene in the PLACE is IS and the EVENT is WELL DONE
        what a A FILM and what a A PART
        even the ASPECT is IS and WELL DONE
        WHO LIKED it too and thought that the ASPECT was IS
        WHO gave it RATED and said ADVICE
        a critic from REGION gives it RATED because it is IS
        WHO thought that it is A_NOUN and said ADVICE
        as a MY_KIND it is IS and as a story about THEME it is IS""",
    "contrast": """
        the ASPECT is XIS but the ASPECT is IS
        some of the ASPECTS are XIS but the FILM is IS
        i XLIKED the ASPECT but i LIKED the ASPECTS
        critics found it XIS but it is IS""",
    "turned": """
        TURN the ASPECT is IS and the ASPECTS are IS
        TURN it is A_NOUN and i LIKED it
        TURN STAR_FIRST STAR_LAST is IS and the whole FILM is IS
        TURN the rest is IS and WELL DONE and i LIKED it""",
    "aside": """
        it won NUMBER awards for AWARD in REGION
        the FILM was shot in REGION in YEAR
        FIRST LAST wrote the FORMAT and FIRST LAST directed the FILM
        it was filmed in NUMBER weeks and released in YEAR
        STAR_FIRST STAR_LAST also played a ROLE in a YEAR MY_KIND
        the same FORMAT was filmed before in REGION in YEAR
        a FORMAT by FIRST LAST came out in YEAR
        the NATION version has a ANIMAL and a VEHICLE in it
        it is the work of a NATION ROLE called FIRST LAST""",
    "verdict": """
        all in all i LIKED this FILM
        in short it is A_NOUN and that is that
        overall it is IS
        to sum up the FILM is IS and i LIKED it""",
    "closing": """
        WHO and i talked about the EVENT in REGION on the way home
        it is now on dvd with a FORMAT by FIRST LAST as an extra
        the NATION version from YEAR runs for NUMBER minutes more
        afterwards WHO and i went home in a VEHICLE and had FOOD
        STAR_FIRST STAR_LAST went on to play a TRAIT ROLE in a YEAR KIND""",
}
