//! The errors that the peers get of chassis, watchdog and other commands of the controller, all of
//! them, and why that is right.

use lantern_testkit::peers::{FreeIpmi, Ipmitool};

/// An error that is allowed.
pub struct Allowed {
    /// FreeIPMI's program, or ipmitool.
    pub program: &'static str,
    /// Its words.
    pub words: &'static str,
    /// What it says.
    pub says: &'static str,
    /// Why.
    pub why: &'static str,
}

const fn ipmitool(words: &'static str, says: &'static str, why: &'static str) -> Allowed {
    Allowed { program: "ipmitool", words, says, why }
}

const fn freeipmi(
    program: &'static str,
    words: &'static str,
    says: &'static str,
    why: &'static str,
) -> Allowed {
    Allowed { program, words, says, why }
}

/// Of a BMC that has just started, whose machine is on.
#[rustfmt::skip]
pub const ALLOWED: &[Allowed] = &[
    ipmitool("chassis bootparam set bootflag none options=no-timeout", "Invalid option: no-timeout",
        "its own fault: `no-` is compared with the whole word (lib/ipmi_chassis.c:1052 of 1.8.19)"),
    ipmitool("mc watchdog reset", "Attempt to reset uninitialized watchdog",
        "§27.5: nobody has set the timer yet"),
    ipmitool("mc watchdog set timeout=10 pretimeout=2 int=smi action=reset", "Invalid data field in request",
        "the machine has no SMI line"),
    ipmitool("mc watchdog set timeout=10 pretimeout=11 int=nmi action=reset", "Invalid data field in request",
        "the warning would come before the countdown"),
    ipmitool("mc watchdog set timeout=10 action=reset", "Invalid data field in request",
        "without `use=`, ipmitool sends the reserved use 0"),
    ipmitool("mc getsysinfo delloem_os_version", "parameter not supported", "Dell's own"),
    ipmitool("mc getsysinfo delloem_url", "parameter not supported", "Dell's own"),
    ipmitool("mc setsysinfo delloem_url x", "parameter not supported", "Dell's own"),
    ipmitool("raw 0x06 0x05 0x01", "rsp=0xc1", "Manufacturing Test On: optional, and there is no such mode"),
    ipmitool("raw 0x06 0x36", "rsp=0xc1", "Get BT Interface Capabilities: there is no BT interface"),
    ipmitool("raw 0x00 0x05 0x00 0x20 0x20 0x20 0x20", "rsp=0xc1",
        "Set Chassis Capabilities: optional, and what there is does not depend on who says so"),
    ipmitool("raw 0x06 0x2e 0x0c", "rsp=0xd4",
        "Set BMC Global Enables is for the host (`mc setenables` of 1.8.19 never gets so far: it compares `event_msg=on` with `event_msg`)"),
    ipmitool("raw 0x06 0x31", "rsp=0xd4", "message flags are for the host"),
    ipmitool("raw 0x06 0x33", "rsp=0xd4", "messages are for the host"),
    ipmitool("raw 0x06 0x35", "rsp=0xd4", "the event message buffer is for the host"),
    ipmitool("-t 0x2c mc info", "(0x83)", "there is nobody else on an IPMB"),
    ipmitool("raw 0x00 0x08 0x05 0x80 0x20 0x00 0x00 0x00", "rsp=0xcc", "the machine has no remote CD"),
    freeipmi("ipmi-config", "--category=chassis --commit --key-pair=Chassis_Boot_Flags:Boot_Device=REMOTE-CD-DVD",
        "Chassis_Boot_Flags:Boot_Device", "the machine has no remote CD"),
    freeipmi("bmc-device", "--get-bt-interface-capabilities", "command invalid or unsupported",
        "there is no BT interface"),
];

impl Allowed {
    /// Insists that it is said.
    pub fn check(&self, ipmitool: &Ipmitool, freeipmi: &FreeIpmi) {
        let output = match self.program {
            "ipmitool" => ipmitool.run(self.words),
            program => freeipmi.run(program, self.words),
        };
        // ipmitool ends with 0 after many errors (research/ipmitool.md, point 5 of its faults).
        let text = format!("{}{}", output.stdout, output.stderr);
        assert!(text.contains(self.says), "{}: {}\n{output}", self.words, self.why);
    }
}
