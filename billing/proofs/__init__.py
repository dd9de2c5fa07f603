"""What we say of papers and money, tried out in great numbers: `./run manage prove`."""
