//! Serial over LAN at our BMC as ipmitool and FreeIPMI's ipmiconsole have it: what the port is wired
//! to, who may, and how it ends.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a panic is how a test fails"
)]

mod common;

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::unix::net::{UnixListener, UnixStream};
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::{Duration, Instant};

use common::wire::judge;
use common::{Bmc, freeipmi_at, ipmitool_at};
use ipmi_bmc::serial::SerialPolicy;
use lantern_bmcd::{SerialConfig, SerialSource};
use lantern_testkit::peers::{FreeIpmi, Ipmitool};
use lantern_testkit::tap::Tap;
use lantern_testkit::terminal::Terminal;

const PATIENCE: Duration = Duration::from_secs(20);
/// What ipmitool says once it has the console.
const HELP: &str = "[SOL Session operational.  Use ~? for help]";

/// An address that nobody else has, at a port that ipmiconsole 1.6.10 takes: with five digits it is
/// "hostname invalid".
fn address() -> SocketAddr {
    static NEXT: AtomicU8 = AtomicU8::new(1);
    let [high, low] = u16::try_from(std::process::id() & 0xffff).unwrap().to_be_bytes();
    let last = NEXT.fetch_add(1, Ordering::Relaxed);
    ([127, high | 0x80, low, last], 6230).into()
}

fn wired(source: SerialSource) -> Bmc {
    Bmc::with(|config| {
        config.listen = vec![address()];
        config.suites = [17, 3, 2, 1].map(ipmi_wire::session::CipherSuite).to_vec();
        config.serial = Some(SerialConfig { source, policy: SerialPolicy::default() });
    })
}

/// A program that says so, and what it gets.
fn echo() -> SerialSource {
    let script = "stty raw -echo; printf 'ready\\r\\n'; exec cat";
    SerialSource::Command(["/bin/sh", "-c", script].map(str::to_owned).to_vec())
}

fn activate(tool: &Ipmitool) -> Terminal {
    let mut terminal = Terminal::start(tool.command("sol activate"));
    terminal.wait_for(HELP, PATIENCE);
    terminal
}

fn expect_refused(tool: &Ipmitool, says: &str) {
    let mut terminal = Terminal::start(tool.command("sol activate"));
    let status = terminal.wait(PATIENCE);
    let transcript = terminal.transcript();
    assert!(transcript.contains(says), "{says}: {transcript}");
    assert_ne!(status.code(), Some(0), "{transcript}");
}

fn end(mut terminal: Terminal) {
    terminal.send("\r~.");
    terminal.wait_for("[terminated ipmitool]", PATIENCE);
    assert_eq!(terminal.wait(PATIENCE).code(), Some(0), "{}", terminal.transcript());
}

/// ipmiconsole, in a terminal.
fn console(addr: SocketAddr, suite: u8, options: &str) -> Option<(Terminal, FreeIpmi)> {
    let tool = freeipmi_at(addr, suite)?;
    Some((Terminal::start(tool.command("ipmiconsole", options)), tool))
}

fn established(addr: SocketAddr, suite: u8) -> Option<(Terminal, FreeIpmi)> {
    let mut both = console(addr, suite, "")?;
    both.0.wait_for("[SOL established]", PATIENCE);
    Some(both)
}

/// ipmitool does not heed it when it is told that the console is gone: it finds out when somebody
/// types.
fn expect_closed(terminal: &mut Terminal) {
    terminal.send("x");
    terminal.wait_for("SOL session closed by BMC", 3 * PATIENCE);
    assert_eq!(terminal.wait(PATIENCE).code(), Some(1));
}

/// Reads from a stream until this has come.
fn expect(stream: &mut impl Read, text: &[u8]) {
    let mut all = Vec::new();
    let mut byte = [0; 1];
    while !all.ends_with(text) {
        let count = stream.read(&mut byte).unwrap();
        assert_eq!(count, 1, "{:?}", String::from_utf8_lossy(&all));
        all.push(byte[0]);
    }
}

#[test]
fn a_program_is_typed_at_with_ipmitool_and_all_of_it_arrives_once() {
    let bmc = wired(echo());
    let Some(tool) = bmc.ipmitool(17) else { return };
    let mut terminal = activate(&tool);
    // What it said before anybody was there is shown.
    terminal.wait_for("ready", PATIENCE);
    for n in 0..30 {
        let line = format!("line {n} of what is typed, quite fast\r");
        terminal.send(&line);
    }
    for n in 0..30 {
        let seen = terminal.wait_for(&format!("line {n} of what is typed, quite fast"), PATIENCE);
        assert!(seen.len() < 60, "{seen:?}");
    }
    end(terminal);
}

#[test]
fn a_lot_that_is_printed_arrives_whole() {
    let script = "read go; seq 1 4000; echo done; exec cat";
    let argv = ["/bin/sh", "-c", script].map(str::to_owned).to_vec();
    let bmc = wired(SerialSource::Command(argv));
    let Some(tool) = bmc.ipmitool(3) else { return };
    let mut terminal = activate(&tool);
    terminal.send("go\r");
    terminal.wait_for("go\r\n", PATIENCE);
    let seen = terminal.wait_for("done", 3 * PATIENCE);
    let expected: String = (1..=4000).map(|n| format!("{n}\r\n")).collect();
    assert_eq!(seen, expected + "done");
    end(terminal);
}

#[test]
fn the_simulated_machine_lets_somebody_log_in_and_answers_a_break() {
    let bmc = wired(SerialSource::Sim);
    let Some(tool) = bmc.ipmitool(17) else { return };
    let mut terminal = activate(&tool);
    terminal.wait_for("gallery-1 login: ", PATIENCE);
    terminal.send("root\r");
    terminal.wait_for("Password: ", PATIENCE);
    terminal.send("anything\r");
    terminal.wait_for("root@gallery-1:~# ", PATIENCE);
    terminal.send("uname -a\r");
    terminal.wait_for("Linux gallery-1 6.12", PATIENCE);
    terminal.send("\r~B");
    terminal.wait_for("sysrq: HELP", PATIENCE);
    // A reset is seen by who is watching.
    tool.run("chassis power reset").expect_success();
    terminal.wait_for("GRUB loading.", PATIENCE);
    terminal.wait_for("gallery-1 login: ", PATIENCE);
    tool.run("chassis power cycle").expect_success();
    terminal.wait_for("gallery-1 login: ", PATIENCE);
    end(terminal);
    // All is free again, and only what is new is shown.
    let mut terminal = activate(&tool);
    terminal.send("oper\r");
    let seen = terminal.wait_for("Password: ", PATIENCE);
    assert!(!seen.contains("GRUB"), "{seen}");
    end(terminal);
}

#[test]
fn a_second_one_is_told_that_it_is_the_second() {
    let bmc = wired(SerialSource::Sim);
    let Some(tool) = bmc.ipmitool(17) else { return };
    let mut first = activate(&tool.clone().options(["-N", "1", "-R", "1"]));
    expect_refused(&tool, "Info: SOL payload already active on another session");
    tool.run("sol deactivate").expect_success();
    expect_closed(&mut first);
    let again = tool.run("sol deactivate");
    assert!(again.stderr.contains("already de-activated"), "{again}");
    end(activate(&tool));
}

#[test]
fn ipmiconsole_has_the_console_too() {
    let bmc = wired(SerialSource::Sim);
    let Some((mut terminal, _files)) = established(bmc.addr, 3) else { return };
    terminal.wait_for("login: ", PATIENCE);
    terminal.send("root\r");
    terminal.wait_for("Password: ", PATIENCE);
    terminal.send("x\r");
    terminal.wait_for("root@gallery-1:~# ", PATIENCE);
    terminal.send("&B");
    terminal.wait_for("sysrq: HELP", PATIENCE);
    let tool = bmc.ipmitool(3).unwrap();
    expect_refused(&tool, "Info: SOL payload already active on another session");
    terminal.send("&.");
    terminal.wait_for("[closing the connection]", PATIENCE);
    terminal.wait(PATIENCE);
    end(activate(&tool));
}

#[test]
fn ipmiconsole_takes_the_console_over_and_is_told_when_it_loses_it() {
    let bmc = wired(SerialSource::Sim);
    let Some((mut first, _files)) = established(bmc.addr, 17) else { return };
    let (mut second, _files) = console(bmc.addr, 3, "--dont-steal").unwrap();
    second.wait_for("[error received]: SOL in use", PATIENCE);
    second.wait(PATIENCE);
    let (mut third, _files) = established(bmc.addr, 3).unwrap();
    first.wait_for("[SOL session stolen]", PATIENCE);
    first.wait(PATIENCE);
    bmc.ipmitool(17).unwrap().run("sol deactivate").expect_success();
    third.wait_for("[SOL session stolen]", PATIENCE);
    // And when the BMC stops.
    let (mut fourth, _files) = established(bmc.addr, 3).unwrap();
    drop(bmc);
    fourth.wait_for("[SOL session stolen]", PATIENCE);
}

#[test]
fn who_may_not_may_not() {
    let bmc = wired(SerialSource::Sim);
    let Some(admin) = bmc.ipmitool(17) else { return };
    let oper = Ipmitool::new(bmc.addr, "oper", "Oper_Pass_3").unwrap().suite(17);
    let oper = oper.privilege("OPERATOR");
    end(activate(&oper));
    admin.run("sol payload disable 1 3").expect_success();
    expect_refused(&oper, "Insufficient privilege level");
    admin.run("sol payload enable 1 3").expect_success();
    end(activate(&oper));
    admin.run("sol set privilege-level admin 1").expect_success();
    expect_refused(&oper, "Insufficient privilege level");
    end(activate(&admin));
    // Switched off, it ends for who has it.
    let (mut terminal, _files) = established(bmc.addr, 17).unwrap();
    admin.run("sol set enabled false 1").expect_success();
    terminal.wait_for("[SOL session stolen]", PATIENCE);
    expect_refused(&admin, "Info: SOL payload disabled");
    admin.run("sol set enabled true 1").expect_success();
    end(activate(&admin));
}

#[test]
fn encryption_is_forced_unless_it_is_not() {
    let bmc = wired(SerialSource::Sim);
    let Some(admin) = bmc.ipmitool(17) else { return };
    for suite in [2, 1] {
        let plain = ipmitool_at(bmc.addr, suite).unwrap();
        expect_refused(&plain, "Info: cannot activate SOL payload without encryption");
    }
    // ipmitool always asks for encryption (`bSolEncryption` of 1.8.19), which a session with suite 2
    // does not have. FreeIPMI asks for what its suite has.
    admin.run("sol set force-encryption false 1").expect_success();
    for suite in [2, 1] {
        let plain = ipmitool_at(bmc.addr, suite).unwrap();
        expect_refused(&plain, "Info: cannot activate SOL payload with encryption");
    }
    for (suite, says) in [(2, "[SOL established]"), (1, "[error received]: ")] {
        let (mut terminal, _files) = console(bmc.addr, suite, "").unwrap();
        terminal.wait_for(says, PATIENCE);
        terminal.send("&.");
        terminal.wait(PATIENCE);
    }
    admin.run("sol set force-authentication false 1").expect_success();
    established(bmc.addr, 1).unwrap();
    admin.run("sol deactivate").expect_success();
    end(activate(&admin));
}

#[test]
fn a_pseudo_terminal_keeps_its_name_while_programs_come_and_go() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("console");
    let bmc = wired(SerialSource::Pty(path.clone()));
    let Some(tool) = bmc.ipmitool(17) else { return };
    let mut terminal = activate(&tool);
    for _ in 0..2 {
        let mut system = std::fs::OpenOptions::new().read(true).write(true).open(&path).unwrap();
        system.write_all(b"who are you?").unwrap();
        terminal.wait_for("who are you?", PATIENCE);
        terminal.send("me");
        expect(&mut system, b"me");
    }
    // A device as well: it is one to whoever opens it.
    let device = SerialSource::Device { path: path.clone(), bit_rate: 9600 };
    let other = wired(device);
    let mut far = activate(&other.ipmitool(17).unwrap());
    far.send("from afar");
    terminal.wait_for("from afar", PATIENCE);
    terminal.send("and back");
    far.wait_for("and back", PATIENCE);
    far.send("\r~B");
    end(far);
    end(terminal);
    drop(bmc);
    assert!(path.symlink_metadata().is_err());
}

/// Whatever connects to us, goes, and comes again.
#[test]
fn a_system_that_closes_its_connection_and_returns_finds_the_same_session() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("socket");
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let stream = |stream: &TcpStream| stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let bmc = wired(SerialSource::TcpListen(free));
    let Some(tool) = bmc.ipmitool(17) else { return };
    let mut terminal = activate(&tool);
    for round in 0..3 {
        let mut system = TcpStream::connect(free).unwrap();
        stream(&system);
        write!(system, "round {round}").unwrap();
        terminal.wait_for(&format!("round {round}"), PATIENCE);
        terminal.send("here");
        expect(&mut system, b"here");
        drop(system);
        // What is typed meanwhile hurts nobody.
        std::thread::sleep(Duration::from_millis(300));
        terminal.send("n");
        std::thread::sleep(Duration::from_millis(700));
    }
    // The later one counts.
    let mut stale = TcpStream::connect(free).unwrap();
    stream(&stale);
    stale.write_all(b"stale").unwrap();
    terminal.wait_for("stale", PATIENCE);
    let mut system = TcpStream::connect(free).unwrap();
    stream(&system);
    system.write_all(b"fresh").unwrap();
    terminal.wait_for("fresh", PATIENCE);
    let mut rest = Vec::new();
    let _ = stale.read_to_end(&mut rest);
    end(terminal);

    // And the other way round: we connect.
    let bmc = wired(SerialSource::Unix(path.clone()));
    let tool = bmc.ipmitool(17).unwrap();
    let mut terminal = activate(&tool);
    for round in 0..2 {
        let listener = UnixListener::bind(&path).unwrap();
        let (mut system, _) = listener.accept().unwrap();
        system.set_read_timeout(Some(PATIENCE)).unwrap();
        write!(system, "round {round}").unwrap();
        terminal.wait_for(&format!("round {round}"), PATIENCE);
        terminal.send("here");
        expect(&mut system, b"here");
        drop((system, listener));
        std::fs::remove_file(&path).unwrap();
    }
    end(terminal);
}

#[test]
fn a_unix_socket_is_for_its_owner_and_goes_with_the_bmc() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("socket");
    let bmc = wired(SerialSource::UnixListen(path.clone()));
    let Some(tool) = bmc.ipmitool(17) else { return };
    let mut system = UnixStream::connect(&path).unwrap();
    system.set_read_timeout(Some(PATIENCE)).unwrap();
    // Said before anybody is there.
    system.write_all(b"early").unwrap();
    let mut terminal = activate(&tool);
    terminal.wait_for("early", PATIENCE);
    terminal.send("x");
    expect(&mut system, b"x");
    end(terminal);
    drop(bmc);
    assert!(path.symlink_metadata().is_err());
}

#[test]
fn a_program_that_ends_is_started_again() {
    let script = "printf 'pid %s.' $$; read line";
    let argv = ["/bin/sh", "-c", script].map(str::to_owned).to_vec();
    let bmc = wired(SerialSource::Command(argv));
    let Some(tool) = bmc.ipmitool(17) else { return };
    let mut terminal = activate(&tool);
    let first = terminal.wait_for(".", PATIENCE);
    let started = Instant::now();
    terminal.send("\r");
    let second = terminal.wait_for(".", PATIENCE);
    assert_ne!(first, second);
    assert!(started.elapsed() >= Duration::from_secs(1));
    end(terminal);
}

/// The console falls behind, and is told so.
#[test]
fn a_system_that_never_stops_talking_keeps_nobody_from_being_answered() {
    let argv = ["yes", "all work and no play"].map(str::to_owned).to_vec();
    let bmc = wired(SerialSource::Command(argv));
    let Some(tool) = bmc.ipmitool(17) else { return };
    let mut terminal = activate(&tool);
    terminal.wait_for(" characters lost]", PATIENCE);
    let started = Instant::now();
    for _ in 0..5 {
        tool.run("chassis power status").expect_success();
    }
    assert!(started.elapsed() < PATIENCE, "{:?}", started.elapsed());
    end(terminal);
}

#[test]
fn every_bmc_of_a_fleet_has_a_console_of_its_own() {
    use lantern_bmcd::{Config, Fleet, FleetConfig, Spread};
    let text = include_str!("../../examples/fleet.toml");
    let config = Config::parse(text, std::path::Path::new("fleet.toml")).unwrap();
    let base = "127.1.0.1:0".parse().unwrap();
    let fleet = FleetConfig::new(100, base, Spread::Addresses).unwrap();
    let (tell, told) = std::sync::mpsc::channel();
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let thread = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let fleet = Fleet::start(&config, &fleet).unwrap();
            tell.send([0, 7, 99].map(|index| (index, fleet.address(index).unwrap()))).unwrap();
            let _ = stopped.await;
            fleet.stop().await;
        });
    });
    let mut all = Vec::new();
    for (index, address) in told.recv().unwrap() {
        let Some(tool) = ipmitool_at(address, 17) else { return };
        all.push((index, activate(&tool)));
    }
    for (index, terminal) in &mut all {
        terminal.wait_for(&format!("gallery-{index} login: "), PATIENCE);
        terminal.send("root\r");
        terminal.wait_for("Password: ", PATIENCE);
    }
    all.into_iter().for_each(|(_, terminal)| end(terminal));
    drop(stop);
    thread.join().unwrap();
}

#[test]
fn wireshark_finds_nothing_malformed_in_a_session() {
    let bmc = wired(SerialSource::Sim);
    let Some(admin) = bmc.ipmitool(17) else { return };
    admin.run("sol set force-encryption false 1").expect_success();
    // It has to be the port that the BMC tells of.
    let tap = Tap::at(address(), bmc.addr);
    let mut terminal = activate(&ipmitool_at(tap.addr(), 17).unwrap());
    terminal.wait_for("gallery-1 login: ", PATIENCE);
    terminal.send("root\r");
    terminal.wait_for("Password: ", PATIENCE);
    terminal.send("x\r");
    terminal.wait_for("# ", PATIENCE);
    terminal.send("\r~B");
    terminal.wait_for("sysrq", PATIENCE);
    end(terminal);
    judge("ipmitool sol ours", &tap, 40, 0);
    // In the clear, so that it sees the characters, too.
    let tap = Tap::at(address(), bmc.addr);
    let (mut terminal, _files) = established(tap.addr(), 2).unwrap();
    terminal.send("dmesg\r");
    terminal.wait_for("EXT4-fs", PATIENCE);
    terminal.send("&B");
    terminal.wait_for("sysrq", PATIENCE);
    terminal.send("&.");
    terminal.wait(PATIENCE);
    judge("ipmiconsole sol ours", &tap, 30, 6);
}
