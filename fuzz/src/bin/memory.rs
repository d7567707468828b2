//! A BMC's store.
#![no_main]
lantern_fuzz::target!(lantern_fuzz::kept::memory);
