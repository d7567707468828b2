//! RAKP Message 2.
#![no_main]
lantern_fuzz::target!(lantern_fuzz::round_trip::<ipmi_wire::session::Rakp2>);
