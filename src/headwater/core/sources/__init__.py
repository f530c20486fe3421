"""One kind of string that names anything a Schema can be read from, and the way from there to the Schema."""
