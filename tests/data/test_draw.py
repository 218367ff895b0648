from radistill.data.draw import Unit, draw


def test_a_series_is_held_out_whole() -> None:
    names = [f"{series}-{i}" for series in ("IM", "NORMAL2-IM") for i in range(5)]
    units = [Unit(name, "NORMAL", "") for name in names]
    units += [Unit(f"virus-{i}", "PNEUMONIA", "virus") for i in range(10)]
    chosen = draw(units, 0.1, 0, "prefix")
    assert chosen == {f"NORMAL2-IM-{i}" for i in range(5)} | {f"virus-{i}" for i in range(5)}
