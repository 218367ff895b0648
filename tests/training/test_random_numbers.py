import torch

from radistill.training.random_numbers import content_keys, normal, salted, uniform

KEYS = content_keys([f"{i:064x}" for i in range(2000)])


def test_the_output_function_is_that_of_splitmix64() -> None:
    """The published first outputs from the seed 0, of which `uniform` takes the highest 24 bits."""
    expected = [0xE220A8397B1DCDAF, 0x6E789E6AA1B965F4, 0x06C45D188009454F]
    numbers = uniform(torch.zeros(1, dtype=torch.int64), 3)[0]
    assert numbers.tolist() == [(number >> 40) / 2**24 for number in expected]


def test_uniform_and_normal_numbers_have_their_moments_and_do_not_repeat() -> None:
    flat = uniform(KEYS, 50)
    assert float(flat.min()) >= 0
    assert float(flat.max()) < 1
    assert abs(float(flat.mean()) - 0.5) < 0.005
    assert abs(float(flat.var()) - 1 / 12) < 0.001
    assert len(flat.unique()) > 0.99 * flat.numel()
    field = normal(KEYS, 50)
    assert abs(float(field.mean())) < 0.01
    assert abs(float(field.var()) - 1) < 0.01
    assert float(field.abs().max()) < 3.47
    beyond = float((field.abs() > 2).float().mean())  # 0.0455 of the normal distribution
    assert abs(beyond - 0.0455) < 0.006
    for numbers in (flat, field):  # neither the images nor the places go together
        assert torch.corrcoef(numbers[:20]).fill_diagonal_(0).abs().max() < 0.7
        assert torch.corrcoef(numbers.T).fill_diagonal_(0).abs().max() < 0.12


def test_a_number_follows_from_its_key_and_place_alone() -> None:
    together = normal(KEYS, 9)
    assert torch.equal(normal(KEYS[7:8], 9), together[7:8])
    assert torch.equal(normal(KEYS.flip(0), 4), together.flip(0)[:, :4])
    assert torch.equal(KEYS, content_keys([f"{i:064x}" for i in range(2000)]))  # left as they were


def test_another_salt_is_another_key() -> None:
    one, other = salted(KEYS, "view 0"), salted(KEYS, "view 1")
    assert not (one == other).any()
    assert torch.equal(one, salted(KEYS, "view 0"))
    assert (
        abs(float(torch.corrcoef(torch.stack([uniform(k, 1)[:, 0] for k in (one, other)]))[0, 1]))
        < 0.1
    )
