"""Expected values of lesson 00_start_here. Stays with the instructor."""

from collections import Counter


def majority_baseline(challenge: dict) -> dict:
    """The right fractions, and what common mistakes would give for the same lists."""
    lists = challenge["labels"]
    counts = [Counter(labels) for labels in lists]
    largest = [max(count.values()) / count.total() for count in counts]
    ones = [count[1] / count.total() for count in counts]
    return {
        "labels": lists,
        "baselines": largest,
        "mistakes": {
            "label": [count.most_common(1)[0][0] for count in counts],
            "count": [max(count.values()) for count in counts],
            "percent": [100 * share for share in largest],
            "mean": [sum(labels) / len(labels) for labels in lists],
            "share-of-one": ones,
            "share-of-zero": [count[0] / count.total() for count in counts],
            "larger-of-two": [max(mean, 1 - mean) for mean in (sum(x) / len(x) for x in lists)],
            "one-over-classes": [1 / len(count) for count in counts],
            "minority": [min(count.values()) / count.total() for count in counts],
            "others": [1 - share for share in largest],
            "first": [labels.count(labels[0]) / len(labels) for labels in lists],
            "smallest-label": [count[min(count)] / count.total() for count in counts],
        },
    }


EXPECT = {"start.majority_baseline": majority_baseline}
