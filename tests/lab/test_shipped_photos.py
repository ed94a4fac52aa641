from grader.lab.shipped_photos import sample_photos


def test_three_colour_photographs_without_any_download(monkeypatch):
    import socket

    def refuse(*arguments, **options):
        raise AssertionError("a photograph was fetched from the network")

    monkeypatch.setattr(socket, "create_connection", refuse)
    photos = sample_photos()
    assert list(photos) == ["cat", "coffee", "flower"]
    assert all(photo.mode == "RGB" and min(photo.size) >= 300 for photo in photos.values())
