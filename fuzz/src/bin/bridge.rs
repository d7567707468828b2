//! What a BMC says of a request that it was to pass on.
#![no_main]
lantern_fuzz::target!(lantern_fuzz::packets::bridged);
