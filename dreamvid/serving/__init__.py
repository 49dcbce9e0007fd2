"""What servers on this machine share: sockets, names of the host, patience with connections."""
