"""A trained model -> the folder that is deployed."""
