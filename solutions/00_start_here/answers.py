"""Expected values of lesson 00_start_here. Stays with the instructor."""

from collections import Counter


def majority_baseline(challenge: dict) -> dict:
    """The right fractions, and what common mistakes would give for the same lists."""
    lists = challenge["labels"]
    return {
        "baselines": [max(Counter(labels).values()) / len(labels) for labels in lists],
        "mistakes": {
            "count": [max(Counter(labels).values()) for labels in lists],
            "class": [Counter(labels).most_common(1)[0][0] for labels in lists],
            "percent": [100 * max(Counter(labels).values()) / len(labels) for labels in lists],
            "mean": [sum(labels) / len(labels) for labels in lists],
            "chance": [1 / len(set(labels)) for labels in lists],
            "first_class": [labels.count(min(labels)) / len(labels) for labels in lists],
            "two_classes": [
                max(sum(labels) / len(labels), 1 - sum(labels) / len(labels)) for labels in lists
            ],
        },
        "sentences": {
            "count": {
                "text": "The function returns how many labels there are of the most frequent class, not their share.",
                "hint": "Divide by the number of labels.",
            },
            "class": {
                "text": "The function returns the most frequent class itself, not how often it occurs.",
                "hint": "We want the accuracy of always giving that class: its count over the number of labels.",
            },
            "percent": {
                "text": "The function returns a percentage; the course writes accuracies as fractions from 0 to 1.",
                "hint": "Leave the factor 100 away.",
            },
            "mean": {
                "text": "The function returns the mean of the labels: the share of class 1, if there are only 0 and 1.",
                "hint": "Class 1 need not be the most frequent one, and there may be more than two classes.",
            },
            "chance": {
                "text": "The function returns one over the number of classes: the accuracy of guessing at random.",
                "hint": "Always giving the most frequent class does better than that; count the classes.",
            },
            "first_class": {
                "text": "The function returns the share of the smallest class number, which need not be the most frequent.",
                "hint": "Take the largest of the counts.",
            },
            "two_classes": {
                "text": "The function is right for classes 0 and 1 only.",
                "hint": "Count each class that occurs: `labels.unique(return_counts=True)` or `torch.bincount`.",
            },
        },
    }


EXPECT = {"start.majority_baseline": majority_baseline}
