//! What is typed after `-H`.
#![no_main]
lantern_fuzz::target!(lantern_fuzz::nodeset::nodeset);
