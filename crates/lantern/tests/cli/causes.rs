//! Everything that keeps an administrator out, done to a BMC one by one: each has a code of its own in
//! our words, beside what ipmitool says to the same. `docs/session-faults.md` is the table.

use std::collections::HashSet;
use std::fmt::Write as _;
use std::net::{SocketAddr, UdpSocket};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use ipmi_wire::lan::LanMessage;
use ipmi_wire::rmcp::{AsfMessage, RmcpHeader};
use ipmi_wire::session::{SessionPacket, V15Packet};
use ipmi_wire::{CompletionCode, Decode, Encode, Reader, Response};
use lantern_testkit::peers::Ipmitool;
use lantern_testkit::tap::{Direction, Tap, Verdict};
use serde_json::Value;

use crate::schemas::check;
use crate::support::{Bmc, PASSWORD, example, file, finish, first_line, lantern, signal_to, wait};

/// A machine of which only older questions are answered.
struct Place {
    address: SocketAddr,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

/// What it says, if anything, to RMCP's ping, and to Get Channel Authentication Capabilities (byte 3
/// and 5 of the answer, IPMI v2.0 §22.13).
#[derive(Clone, Copy)]
struct Says {
    has_ipmi: Option<bool>,
    capabilities: Option<[u8; 2]>,
}

impl Place {
    fn that(says: Says) -> Self {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        socket.set_read_timeout(Some(Duration::from_millis(50))).unwrap();
        let (address, stop) = (socket.local_addr().unwrap(), Arc::new(AtomicBool::new(false)));
        let stopped = Arc::clone(&stop);
        let thread = std::thread::spawn(move || {
            let mut buffer = [0; 512];
            while !stopped.load(Ordering::Relaxed) {
                let Ok((length, from)) = socket.recv_from(&mut buffer) else { continue };
                if let Some(answer) = says.to(&buffer[..length]) {
                    socket.send_to(&answer, from).unwrap();
                }
            }
        });
        Self { address, stop, thread: Some(thread) }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        let _ = self.thread.take().map(JoinHandle::join);
    }
}

impl Says {
    const NOTHING: Self = Self { has_ipmi: None, capabilities: None };

    fn to(self, datagram: &[u8]) -> Option<Vec<u8>> {
        match SessionPacket::decode_datagram(datagram).ok()? {
            None => {
                let mut r = Reader::new(datagram);
                let header = RmcpHeader::decode(&mut r).ok()?;
                let AsfMessage::Ping { tag } = AsfMessage::decode(&mut r).ok()? else {
                    return None;
                };
                let (oem_iana, ipmi) = (AsfMessage::IANA, self.has_ipmi?);
                let mut pong = header.to_bytes();
                AsfMessage::Pong { tag, oem_iana, oem_defined: 0, ipmi, interactions: 0 }
                    .encode(&mut pong);
                Some(pong)
            }
            Some(SessionPacket::V15(packet)) => {
                let [types, extended] = self.capabilities?;
                let asked = LanMessage::decode_exact(packet.payload).ok()?;
                if (asked.netfn, asked.cmd) != (0x06, 0x38) {
                    return None;
                }
                let data = vec![1, types, 0x04, extended, 0, 0, 0, 0];
                let answer = asked.answer(&Response { completion: CompletionCode::OK, data });
                V15Packet::sessionless(&answer.to_bytes()).to_datagram()
            }
            Some(SessionPacket::V20(_)) => None,
        }
    }
}

/// What somebody tries.
struct Login<'a> {
    host: String,
    user: &'a str,
    password: &'a str,
    options: &'a [&'a str],
    suite: u8,
}

impl Default for Login<'_> {
    fn default() -> Self {
        let host = String::new();
        Self { host, user: "admin", password: PASSWORD, options: &[], suite: 17 }
    }
}

/// Our error, and ipmitool's last words at its usual verbosity.
struct Told {
    what: &'static str,
    ours: Value,
    ipmitool: String,
}

fn tried(what: &'static str, login: &Login<'_>) -> Told {
    let Login { host, user, password, options, suite } = login;
    let mut command = lantern();
    command.args(["-o", "json", "-H", host, "-U", user, "--deadline", "3"]).args(*options);
    command.args(["power", "status"]).env("LANTERN_PASSWORD", password);
    let output = finish(&mut command);
    assert_eq!(output.code(), Some(3), "{what}: {output}");
    let line = output.stderr.lines().find(|line| line.contains("lantern.error/1")).unwrap();
    let ours: Value = serde_json::from_str(line).unwrap();
    check(&ours);

    let (name, port) = host.rsplit_once(':').unwrap_or((host, "623"));
    let mut theirs = Command::new("ipmitool");
    // One try of a second each: with its own patience it would say the same after 20 s.
    theirs.args(["-I", "lanplus", "-H", name, "-p", port, "-U", user, "-E", "-N", "1", "-R", "1"]);
    theirs.args(["-C", &suite.to_string(), "chassis", "power", "status"]);
    theirs.env("IPMITOOL_PASSWORD", password);
    let theirs = finish(&mut theirs);
    assert_ne!(theirs.code(), Some(0), "{what}: {theirs}");
    let last = theirs.stderr.lines().rfind(|line| !line.trim().is_empty()).unwrap_or_default();
    Told { what, ours, ipmitool: last.trim().replace(name, "HOST") }
}

fn at(address: SocketAddr) -> Login<'static> {
    Login { host: address.to_string(), ..Login::default() }
}

/// Losing all messages of the BMC with this payload type.
fn deaf_to(bmc: &Bmc, payload_type: u8) -> Tap {
    Tap::with_hook(bmc.address, move |direction, bytes| {
        let lost = direction == Direction::ToConsole && bytes.get(5) == Some(&payload_type);
        if lost { Verdict::Drop } else { Verdict::Pass }
    })
}

#[test]
fn each_cause_has_a_code_of_its_own() {
    // With peers required, a machine without ipmitool is an error.
    if Ipmitool::new(([127, 0, 0, 1], 623).into(), "", "").is_none() {
        return;
    }
    let mut all = Vec::new();
    let mut add = |code: &str, told: Told| {
        assert_eq!(told.ours["code"], code, "{}: {}", told.what, told.ours);
        all.push(told);
    };

    let nowhere = Login { host: "bmc.invalid".to_owned(), ..Login::default() };
    add("L0101", tried("the name does not resolve", &nowhere));
    let silent = Place::that(Says::NOTHING);
    add("L0102", tried("nothing answers", &at(silent.address)));
    let closed = UdpSocket::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    add("L0103", tried("the port is closed", &at(closed)));
    let asf = Place::that(Says { has_ipmi: Some(false), ..Says::NOTHING });
    add("L0107", tried("a machine with RMCP and without IPMI", &at(asf.address)));
    let hung = Place::that(Says { has_ipmi: Some(true), ..Says::NOTHING });
    add("L0108", tried("RMCP ping is answered, IPMI is not", &at(hung.address)));
    let mute = Place::that(Says { has_ipmi: Some(true), capabilities: Some([0x94, 0x02]) });
    add("L0109", tried("a BMC whose RMCP+ does not answer", &at(mute.address)));
    let old = Place::that(Says { has_ipmi: Some(true), capabilities: Some([0x14, 0x00]) });
    add("L0110", tried("a BMC with IPMI 1.5 only", &at(old.address)));

    let bmc = Bmc::start();
    let good = || at(bmc.address);
    let late = deaf_to(&bmc, 0x13);
    add("L0201", tried("the BMC falls silent in the login", &at(late.addr())));
    let suite3 = Bmc::with(&example().replace("suites = [17, 3]", "suites = [3]"), &[]);
    let login = Login { options: &["-C", "17"], ..at(suite3.address) };
    add("L0203", tried("the cipher suite is disabled", &login));
    add("L0204", tried("there is no such user", &Login { user: "nobody", ..good() }));
    add("L0205", tried("the password is wrong", &Login { password: "wrong", ..good() }));
    let keyed = example().replace("[lan]\n", "[lan]\nkg = \"the_BMCs_own_key\"\n");
    let keyed = Bmc::with(&keyed, &[]);
    let other = file(keyed.directory.path(), b"another key\n", 0o600);
    let options = ["--kg-file", other.to_str().unwrap()];
    let login = Login { options: &options, ..at(keyed.address) };
    add("L0206", tried("K_g is another", &login));
    let login = Login {
        user: "guest",
        password: "Guest_Pass_4",
        options: &["-L", "administrator"],
        ..good()
    };
    add("L0207", tried("the user may not have the privilege", &login));
    let few = Bmc::with(&example().replace("[lan]\n", "[lan]\nsessions = 1\n"), &[]);
    let mut keeper =
        few.console(&["-o", "csv", "sel", "follow"]).stdout(Stdio::piped()).spawn().unwrap();
    // Its header comes when it is logged in.
    let _reading = first_line(keeper.stdout.take().unwrap());
    add("L0208", tried("all session slots are taken", &at(few.address)));
    signal_to(&keeper, "-TERM");
    wait(&mut keeper);

    let codes: HashSet<_> = all.iter().map(|told| told.ours["code"].to_string()).collect();
    assert_eq!(codes.len(), all.len());
    page(&all);
}

/// With LANTERN_DOCS=write the page is written instead.
fn page(all: &[Told]) {
    let mut page = "# What keeps an administrator out\n\nEach was done to a BMC on loopback; `cargo test -p lantern --test cli causes` \
         does it again.\n`lantern explain CODE` tells the rest, and what to do.\n\n\
         | what is wrong | lantern | ipmitool 1.8.19, its last line |\n|---|---|---|\n"
        .to_owned();
    for Told { what, ours, ipmitool } in all {
        let (code, cause) = (ours["code"].as_str().unwrap(), ours["cause"].as_str().unwrap());
        writeln!(page, "| {what} | {code}: {cause} | `{ipmitool}` |").unwrap();
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/session-faults.md");
    if std::env::var_os("LANTERN_DOCS").is_some_and(|word| word == "write") {
        std::fs::write(&path, &page).unwrap();
    }
    let found = std::fs::read_to_string(path).unwrap_or_default();
    assert!(found == page, "run with LANTERN_DOCS=write, and look at the changes:\n{page}");
}
