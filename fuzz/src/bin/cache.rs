//! An index file of the client's cache.
#![no_main]
lantern_fuzz::target!(lantern_fuzz::kept::cache);
