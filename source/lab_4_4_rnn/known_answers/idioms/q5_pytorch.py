"""
question = "q5"
seen = "PyTorch tutorials"
failing_checks = [
    "q5-layers",
    "q5-params",
    "q5-mask",
    "q5-recurrent",
    "q5-output",
    "q5-compiled",
    "q5-sizes",
    "q5-padding",
    "q5-order",
]
"""

import torch.nn as nn


class Reader(nn.Module):
    def __init__(self, vocab_size, embed_dim, units):
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, embed_dim, padding_idx=0)
        self.rnn = nn.RNN(embed_dim, units, batch_first=True)
        self.head = nn.Linear(units, 1)

    def forward(self, ids):
        _, last = self.rnn(self.embedding(ids))
        return self.head(last[-1]).sigmoid()


def build_simple_rnn(vocab_size=vocab_size, embed_dim=embed_dim, units=units, max_length=max_length):
    return Reader(vocab_size, embed_dim, units)
