"""Permafrost: which layers of a pretrained network should stay frozen for an audio task, and how sure is that?"""
