"""Keras' own classes and functions by family; made by ``python -m tools.list_keras_names``."""

# ruff: noqa: SIM905  six hundred names are easier to compare as text

NAMES = {
    "layers": """
Activation ActivityRegularization AdaptiveAveragePooling1D AdaptiveAveragePooling2D
AdaptiveAveragePooling3D AdaptiveMaxPooling1D AdaptiveMaxPooling2D AdaptiveMaxPooling3D Add
AdditiveAttention AlphaDropout Attention AugMix AutoContrast Average AveragePooling1D
AveragePooling2D AveragePooling3D BatchNormalization Bidirectional CategoryEncoding CenterCrop
Concatenate ContrastLimitedAdaptiveHistogramEqualization Conv1D Conv1DTranspose Conv2D
Conv2DTranspose Conv3D Conv3DTranspose ConvLSTM1D ConvLSTM2D ConvLSTM3D Cropping1D Cropping2D
Cropping3D CutMix Dense DepthwiseConv1D DepthwiseConv2D Discretization Dot Dropout ELU EinsumDense
Embedding Equalization Flatten GRU GRUCell GaussianDropout GaussianNoise GlobalAveragePooling1D
GlobalAveragePooling2D GlobalAveragePooling3D GlobalMaxPooling1D GlobalMaxPooling2D
GlobalMaxPooling3D GroupNormalization GroupQueryAttention HashedCrossing Hashing Identity InputLayer
LSTM LSTMCell LayerNormalization LeakyReLU Masking MaxNumBoundingBoxes MaxPooling1D MaxPooling2D
MaxPooling3D Maximum MelSpectrogram Minimum MixUp MultiHeadAttention Multiply Normalization PReLU
Permute Pipeline RMSNormalization RNN RandAugment RandomBrightness RandomColorDegeneration
RandomColorJitter RandomContrast RandomCrop RandomElasticTransform RandomErasing RandomFlip
RandomGaussianBlur RandomGrayscale RandomHue RandomInvert RandomPerspective RandomPosterization
RandomRotation RandomSaturation RandomSharpness RandomShear RandomTranslation RandomZoom ReLU
RepeatVector Rescaling Reshape Resizing ReversibleEmbedding STFTSpectrogram SeparableConv1D
SeparableConv2D SimpleRNN SimpleRNNCell Softmax Solarization SpatialDropout1D SpatialDropout2D
SpatialDropout3D SpectralNormalization StackedRNNCells Subtract TimeDistributed UnitNormalization
UpSampling1D UpSampling2D UpSampling3D ZeroPadding1D ZeroPadding2D ZeroPadding3D
    """.split(),
    "operations": """
abs absolute adaptive_average_pool adaptive_max_pool add all allclose amax amin angle any append
arange arccos arccosh arcsin arcsinh arctan arctan2 arctanh argmax argmin argpartition argsort array
array_split average average_pool bartlett batch_normalization binary_crossentropy bincount
bitwise_and bitwise_invert bitwise_left_shift bitwise_not bitwise_or bitwise_right_shift bitwise_xor
blackman broadcast_to cast categorical_crossentropy cbrt cdist ceil celu cholesky cholesky_inverse
clip concatenate conj conjugate conv conv_transpose convert_to_tensor copy corrcoef correlate cos
cosh count_nonzero cross ctc_decode ctc_loss cumprod cumsum deg2rad depth_to_space depthwise_conv
det diag diagflat diagonal diff digitize divide divide_no_nan dot dot_product_attention dsplit
dstack dtype eig eigh einsum elu empty empty_like equal erf erfc erfinv exp exp2 expand_dims expm1
extract_sequences eye fabs fft fft2 flip fliplr flipud floor floor_divide fmax fmin fmod fold full
full_like gcd gelu geomspace get_item glu greater greater_equal hamming hanning hard_shrink
hard_sigmoid hard_silu hard_swish hard_tanh heaviside histogram hsplit hstack hypot i0 identity
ifft2 imag in_top_k inner inv irfft isclose isfinite isin isinf isnan isneginf isposinf isreal istft
kaiser kron layer_normalization lcm ldexp leaky_relu left_shift less less_equal linspace log log10
log1p log2 log_sigmoid log_softmax logaddexp logaddexp2 logdet logical_and logical_not logical_or
logical_xor logspace logsumexp lstsq lu_factor matmul matrix_rank max max_pool maximum mean median
meshgrid min minimum mod moments moveaxis multi_hot multiply nan_to_num nanargmax nanargmin
nancumprod nancumsum nanmax nanmean nanmedian nanmin nanpercentile nanprod nanquantile nanstd nansum
nanvar ndim negative nextafter nonzero norm normalize not_equal one_hot ones ones_like outer pad
percentile pinv polar power prod psnr ptp qr quantile rad2deg ravel real rearrange reciprocal relu
relu6 repeat reshape rfft right_shift rms_normalization roll rot90 round rsqrt saturate_cast scatter
scatter_update searchsorted segment_max segment_min segment_prod segment_sum select selu
separable_conv shape sigmoid sign signbit silu sin sinc sinh size slice slice_update slogdet
soft_shrink softmax softplus softsign solve solve_triangular sort space_to_depth
sparse_categorical_crossentropy sparse_plus sparse_sigmoid sparsemax split sqrt square squareplus
squeeze stack std stft stop_gradient subtract sum svd swapaxes swish take take_along_axis tan tanh
tanh_shrink tensordot threshold tile top_k trace transpose trapezoid tri tril triu true_divide trunc
unfold unique unravel_index unstack vander var vdot view view_as_complex view_as_real vsplit vstack
where zeros zeros_like
    """.split(),
    "activations": """
celu elu exponential gelu glu hard_shrink hard_sigmoid hard_silu hard_swish hard_tanh leaky_relu
linear log_sigmoid log_softmax mish relu relu6 selu sigmoid silu soft_shrink softmax softplus
softsign sparse_plus sparse_sigmoid sparsemax squareplus swish tanh tanh_shrink threshold
    """.split(),
    "regularizers": """
L1 L1L2 L2 OrthogonalRegularizer
    """.split(),
    "constraints": """
MaxNorm MinMaxNorm NonNeg UnitNorm
    """.split(),
    "initializers": """
Constant GlorotNormal GlorotUniform HeNormal HeUniform Identity LecunNormal LecunUniform Ones
Orthogonal RandomNormal RandomUniform STFT TruncatedNormal VarianceScaling Zeros
    """.split(),
    "optimizers": """
Adadelta Adafactor Adagrad Adam AdamW Adamax Ftrl Lamb Lion Muon Nadam RMSprop SGD ScheduleFreeAdamW
    """.split(),
    "schedules": """
CosineDecay CosineDecayRestarts ExponentialDecay InverseTimeDecay PiecewiseConstantDecay
PolynomialDecay
    """.split(),
    "losses": """
BinaryCrossentropy BinaryFocalCrossentropy CTC CategoricalCrossentropy CategoricalFocalCrossentropy
CategoricalGeneralizedCrossEntropy CategoricalHinge Circle CosineSimilarity Dice Hinge Huber
KLDivergence LogCosh MeanAbsoluteError MeanAbsolutePercentageError MeanSquaredError
MeanSquaredLogarithmicError Poisson SparseCategoricalCrossentropy SquaredHinge Tversky
    """.split(),
    "metrics": """
AUC Accuracy BinaryAccuracy BinaryCrossentropy BinaryIoU CategoricalAccuracy CategoricalCrossentropy
CategoricalHinge ConcordanceCorrelation CosineSimilarity F1Score FBetaScore FalseNegatives
FalsePositives Hinge IoU KLDivergence LogCoshError MeanAbsoluteError MeanAbsolutePercentageError
MeanIoU MeanSquaredError MeanSquaredLogarithmicError OneHotIoU OneHotMeanIoU PearsonCorrelation
Poisson Precision PrecisionAtRecall R2Score Recall RecallAtPrecision RootMeanSquaredError
SensitivityAtSpecificity SparseCategoricalAccuracy SparseCategoricalCrossentropy
SparseTopKCategoricalAccuracy SpecificityAtSensitivity SquaredHinge TopKCategoricalAccuracy
TrueNegatives TruePositives
    """.split(),
}
