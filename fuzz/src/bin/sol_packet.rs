//! Serial over LAN: one packet.
#![no_main]
lantern_fuzz::target!(lantern_fuzz::round_trip::<ipmi_wire::session::SolPacket>);
