"""Headings are found as Markdown shows them, and the questions that they name."""

import pytest

from autograder.headings import headings

QUESTIONS = {
    "### Q3. Padding": "q3",
    "# q3": "q3",
    "## Question 3": "q3",
    "## **Question 3** (optional)": "q3",
    "#### Exercise 2.1b: Masks": "q2_1b",
    "### Problem #4 – Gates": "q4",
    '<a name="x"></a>\n## <font color="blue">Task 5</font>': "q5",
    "### [Q6](#q6) Gates": "q6",
    "### 📝 Q7. Count": "q7",
    "Question 8\n==========": "q8",
    "### Quiz 3": "",
    "### 3. Padding": "",
    "### Q3-4 in short": "",
    "### Questions 3 and 4": "",
    "#Q3 without a space": "",
    "Q3 in a sentence": "",
    "```\n# Q3\n```": "",
}


@pytest.mark.parametrize("text", QUESTIONS)
def test_a_heading_names_its_question(text: str) -> None:
    names = [heading.question for heading in headings(text)]
    assert "".join(names) == QUESTIONS[text]


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("### Q3. Pad and cut ({{ POINTS.q3 }} points)", "Pad and cut"),
        ("## **Question 3**: Pad *and* cut", "Pad and cut"),
        ("## Exercise 3 – Pad and cut (1 point)", "Pad and cut"),
        ("## Question 3", ""),
    ],
)
def test_its_title_has_neither_number_nor_points(text: str, title: str) -> None:
    (heading,) = headings(text)
    assert heading.title("q3") == title


def test_levels_are_those_of_markdown() -> None:
    text = "Top\n===\n\n### Inner ###\n\n~~~\n## code\n~~~\n\nLower\n---\n\n---"
    assert [(heading.level, heading.text) for heading in headings(text)] == [
        (1, "Top"),
        (3, "Inner"),
        (2, "Lower"),
    ]
