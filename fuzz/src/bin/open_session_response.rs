//! RMCP+ Open Session Response.
#![no_main]
lantern_fuzz::target!(lantern_fuzz::settles::<ipmi_wire::session::OpenSessionResponse>);
