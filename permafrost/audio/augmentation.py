"""Augmentation of log-mel pictures, in batch, on the device that holds them."""

import torch

DRAWS = 5  # random numbers that one picture's augmentation takes


def spec_augment(
    pictures: torch.Tensor, draws: torch.Tensor, time_mask: int, freq_mask: int, time_shift: int
) -> torch.Tensor:
    """One random circular time shift, one time mask and one frequency mask for each picture.

    Source: Park et al., SpecAugment, Interspeech 2019, with one mask of each kind. A mask's width is uniform on
    0 … its setting, its place uniform over the positions where it fits, and it is filled with the picture's mean,
    which is what a zero is in SpecAugment's mean-free features.

    Args:
        pictures: [B, H, W]: frequency rows, time columns. Not changed.
        draws: [B, DRAWS], uniform on [0, 1), on the same device. What happens to a picture depends on its row alone,
            so it can be drawn by clip, whatever the order of batches.
        time_mask: largest width of the time mask in columns; 0 for none.
        freq_mask: largest height of the frequency mask in rows; 0 for none.
        time_shift: largest shift in columns to either side; 0 for none.

    Returns:
        [B, H, W], a new tensor.
    """
    batch, height, width = pictures.shape
    device = pictures.device
    # Each effect has its own columns, so that switching one of them off leaves the others' numbers alone.
    shift, time_width, time_start, freq_width, freq_start = draws.unbind(1)
    columns = torch.arange(width, device=device)
    rows = torch.arange(height, device=device)
    if time_shift:
        offset = (shift * (2 * time_shift + 1)).long() - time_shift
        index = (columns[None, :] - offset[:, None]) % width
        pictures = pictures.gather(2, index[:, None, :].expand(-1, height, -1))
    hidden = torch.zeros(batch, height, width, dtype=torch.bool, device=device)
    if time_mask:
        hidden |= _band(columns, time_width, time_start, min(time_mask, width))[:, None, :]
    if freq_mask:
        hidden |= _band(rows, freq_width, freq_start, min(freq_mask, height))[:, :, None]
    mean = pictures.mean(dim=(1, 2), keepdim=True)
    return torch.where(hidden, mean, pictures)


def _band(positions: torch.Tensor, width: torch.Tensor, start: torch.Tensor, largest: int) -> torch.Tensor:
    widths = (width * (largest + 1)).long()
    starts = (start * (len(positions) - widths + 1)).long()
    return (positions[None, :] >= starts[:, None]) & (positions[None, :] < (starts + widths)[:, None])
