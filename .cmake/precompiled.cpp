// The one source of the libraries whose headers are compiled beforehand: it has nothing to say
// itself.
