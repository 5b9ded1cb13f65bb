"""Writers of corpora: each lays clips out as the reader of the same name reads them."""
