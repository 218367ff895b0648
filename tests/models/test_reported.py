import torch

from radistill.models.reported import class_probabilities


def test_one_output_a_class_is_softmax() -> None:
    logits = torch.randn(5, 3, generator=torch.Generator().manual_seed(0))
    assert torch.equal(class_probabilities(logits, (0, 1, 2)), logits.softmax(dim=1))


def test_outputs_of_one_class_are_summed() -> None:
    logits = torch.log(torch.tensor([[0.5, 0.3, 0.2]]))
    torch.testing.assert_close(class_probabilities(logits, (0, 1, 1)), torch.tensor([[0.5, 0.5]]))
