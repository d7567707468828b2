//! RMCP+ session header and trailer.
#![no_main]
lantern_fuzz::target!(lantern_fuzz::packets::v20);
