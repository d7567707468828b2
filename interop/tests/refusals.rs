//! What our BMC refuses, as the specification has it and as ipmitool's `-v` prints it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a panic is how a test fails"
)]

mod common;

use common::Bmc;
use ipmi_wire::session::RmcpPlusStatus;
use lantern_testkit::peers::Ipmitool;
use lantern_testkit::tap::{Direction, Tap};

struct Case {
    what: &'static str,
    user: &'static str,
    password: &'static str,
    suite: u8,
    says: &'static str,
    /// Payload type of the last answer, and its status byte.
    last: (u8, RmcpPlusStatus),
}

const CASES: [Case; 5] = [
    Case {
        what: "suite 0",
        user: "admin",
        password: "Complex_Pass",
        suite: 0,
        says: "Error in open session response message : no matching cipher suite",
        last: (0x11, RmcpPlusStatus::NO_CIPHER_SUITE_MATCH),
    },
    Case {
        what: "an unknown user",
        user: "nobody",
        password: "Complex_Pass",
        suite: 17,
        says: "RAKP 2 message indicates an error : unauthorized name",
        last: (0x13, RmcpPlusStatus::UNAUTHORIZED_NAME),
    },
    Case {
        what: "the null user",
        user: "",
        password: "",
        suite: 17,
        says: "RAKP 2 message indicates an error : unauthorized name",
        last: (0x13, RmcpPlusStatus::UNAUTHORIZED_NAME),
    },
    Case {
        what: "a privilege above the user's",
        user: "guest",
        password: "Guest_Pass_4",
        suite: 17,
        says: "RAKP 2 message indicates an error : unauthorized role requested",
        last: (0x13, RmcpPlusStatus::UNAUTHORIZED_ROLE),
    },
    Case {
        what: "a wrong password: the client finds the code in RAKP 2 wrong",
        user: "admin",
        password: "wrong",
        suite: 17,
        says: "> RAKP 2 HMAC is invalid",
        last: (0x13, RmcpPlusStatus::NO_ERRORS),
    },
];

#[test]
fn each_has_its_status_and_its_message() {
    let bmc = Bmc::reference();
    for case in CASES {
        let tap = Tap::start(bmc.addr);
        let Some(tool) = Ipmitool::new(tap.addr(), case.user, case.password) else { return };
        let output = tool.suite(case.suite).options(["-v"]).run("chassis power status");
        output.expect_failure();
        let text = output.to_string();
        assert!(text.contains(case.says), "{}: {text}", case.what);
        assert!(text.contains("Unable to establish IPMI v2 / RMCP+ session"), "{text}");
        let packets = tap.packets();
        let answer = packets.iter().rfind(|p| p.direction == Direction::ToConsole).unwrap();
        // RMCP header 4, session header 12: the payload starts with tag and status.
        assert_eq!((answer.bytes[5], RmcpPlusStatus(answer.bytes[17])), case.last, "{}", case.what);
    }
}

#[test]
fn ipmi_15_offers_no_authentication_type() {
    let bmc = Bmc::reference();
    let Some(tool) = Ipmitool::new(bmc.addr, "admin", "Complex_Pass") else { return };
    for authentication in ["NONE", "MD5", "PASSWORD"] {
        let output = tool.clone().lan().options(["-v", "-A", authentication]).run("power status");
        output.expect_failure();
        let text = output.to_string();
        let says = format!("Authentication type {authentication} not supported");
        assert!(text.contains(&says), "{authentication}: {text}");
        assert!(text.contains("Unable to establish IPMI v1.5 / RMCP session"), "{text}");
    }
}
