"""The networks, in backend-neutral Keras: log-mel crops in, probability of ai out."""
