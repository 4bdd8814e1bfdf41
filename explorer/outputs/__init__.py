"""Files that leave the house: every one says where its numbers come from and how to make them again."""
