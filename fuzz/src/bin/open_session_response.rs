//! RMCP+ Open Session Response.
#![no_main]
lantern_fuzz::target!(lantern_fuzz::round_trip::<ipmi_wire::session::OpenSessionResponse>);
