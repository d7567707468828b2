//! `sol activate` and `sol watch`, at our BMC and at OpenIPMI's simulator.

use std::fs;
use std::io::{Read, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use lantern_testkit::peers::{IpmiSim, Machine, Peer};
use lantern_testkit::process::Output;
use lantern_testkit::terminal::Terminal;

use crate::support::{Bmc, example, lantern, lantern_with, signal_to};

const PATIENCE: Duration = Duration::from_secs(30);
const READY: &str = "? for help]";
/// Says so, and what it gets.
const ECHO: &str = "stty raw -echo; printf 'ready\\r\\n'; exec cat";

/// A BMC whose port is wired to this.
fn wired(source: &str) -> String {
    let wired = example().replace("sim = true", source);
    assert_ne!(wired, example());
    wired
}

fn program(script: &str) -> String {
    wired(&format!("command = ['/bin/sh', '-c', {script:?}]"))
}

/// A console that is ready to be typed at.
fn sit(bmc: &Bmc, words: &[&str]) -> Terminal {
    let mut terminal = Terminal::start(bmc.console(&[&["sol"], words].concat()));
    terminal.wait_for(READY, PATIENCE);
    terminal
}

fn leave(mut terminal: Terminal) {
    terminal.send("\r~.");
    assert_eq!(terminal.wait(PATIENCE).code(), Some(0), "{}", terminal.transcript());
}

/// What comes of these characters on standard input.
fn piped(mut command: Command, input: &[u8]) -> Output {
    let started = Instant::now();
    let line = format!("{command:?}");
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let input = input.to_vec();
    let writer = std::thread::spawn(move || stdin.write_all(&input));
    let output = child.wait_with_output().unwrap();
    let _ = writer.join().unwrap();
    Output {
        command: line,
        status: output.status,
        timed_out: false,
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
        duration: started.elapsed(),
    }
}

#[test]
fn every_source_is_typed_at_and_read() {
    let bmc = Bmc::start();
    let mut terminal = sit(&bmc, &["activate"]);
    terminal.wait_for("gallery-1 login: ", PATIENCE);
    terminal.send("root\r");
    terminal.wait_for("Password: ", PATIENCE);
    terminal.send("x\r");
    terminal.wait_for("root@gallery-1:~# ", PATIENCE);
    terminal.send("\r~B");
    terminal.wait_for("sysrq: HELP", PATIENCE);
    terminal.send("\r~?");
    terminal.wait_for("send a break", PATIENCE);
    leave(terminal);

    let bmc = Bmc::with(&program(ECHO), &[]);
    let mut terminal = sit(&bmc, &["activate", "--escape", "^]"]);
    terminal.wait_for("ready", PATIENCE);
    assert!(terminal.transcript().contains("; ^]? for help]"), "{}", terminal.transcript());
    terminal.send("\r~.~~x");
    terminal.wait_for("\r~.~~x", PATIENCE);
    terminal.send("\r\u{1d}.");
    assert_eq!(terminal.wait(PATIENCE).code(), Some(0));

    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("port");
    let bmc = Bmc::with(&wired(&format!("pty = {path:?}")), &[]);
    let mut terminal = sit(&bmc, &["activate"]);
    let mut system = fs::OpenOptions::new().read(true).write(true).open(&path).unwrap();
    system.write_all(b"who is there?").unwrap();
    terminal.wait_for("who is there?", PATIENCE);
    terminal.send("me");
    let mut heard = [0; 2];
    system.read_exact(&mut heard).unwrap();
    assert_eq!(&heard, b"me");
    leave(terminal);
}

#[test]
fn what_is_piped_in_comes_out_and_nothing_else() {
    let bmc = Bmc::with(&program("stty raw -echo; exec cat"), &[]);
    // Escapes are for people.
    let told = piped(bmc.console(&["sol", "activate"]), b"one\ntwo\r\n~.three");
    assert_eq!(told.expect_success(), "one\ntwo\r\n~.three");
    let text: String = (0..4000).map(|n| format!("line {n} of what is piped in\n")).collect();
    let told = piped(bmc.console(&["sol", "activate"]), text.as_bytes());
    assert!(told.expect_success() == text, "{} of {}", told.stdout.len(), text.len());
    let told = piped(bmc.console(&["sol", "activate"]), b"");
    assert_eq!(told.expect_success(), "");
    // Who answers late is waited for if that is said.
    let bmc = Bmc::with(&program("stty raw -echo; read x; sleep 2; printf late; exec cat"), &[]);
    let told = piped(bmc.console(&["sol", "activate", "--linger", "5"]), b"x\n");
    assert_eq!(told.expect_success(), "late");
}

#[test]
fn there_is_one_that_types_and_others_can_take_it_or_read_along() {
    let bmc = Bmc::with(&program(ECHO), &[]);
    let mut first = sit(&bmc, &["activate"]);
    first.wait_for("ready", PATIENCE);
    let refused = bmc.run(&["sol", "activate"]);
    assert_eq!(refused.code(), Some(7), "{refused}");
    assert!(refused.stderr.contains("--steal"), "{refused}");
    let mut reader = sit(&bmc, &["watch"]);
    first.send("seen by both");
    first.wait_for("seen by both", PATIENCE);
    reader.wait_for("seen by both", PATIENCE);
    reader.send("typed by nobody");
    let mut second = sit(&bmc, &["activate", "--steal"]);
    assert_eq!(first.wait(PATIENCE).code(), Some(8), "{}", first.transcript());
    assert!(first.transcript().contains("take it back with --steal"), "{}", first.transcript());
    second.send("still here");
    second.wait_for("still here", PATIENCE);
    reader.wait_for("still here", PATIENCE);
    assert!(!second.transcript().contains("typed by nobody"), "{}", second.transcript());
    leave(reader);
    leave(second);
    let text = bmc.text(&["sol", "looptest", "5"]);
    assert_eq!(text, "console 1 was activated and ended 5 times\n");
}

#[test]
fn what_is_shown_is_kept_with_its_time_and_moved_aside() {
    let script = "stty raw -echo; read go; seq -f 'line %g of the log' 1 200; exec cat";
    let bmc = Bmc::with(&program(script), &[]);
    let path = bmc.directory.path().join("log");
    let log = path.to_str().unwrap();
    let options = ["activate", "--log", log, "--log-size", "2000", "--log-files", "2"];
    let mut terminal = sit(&bmc, &options);
    terminal.send("go\n");
    terminal.wait_for("line 200 of the log", PATIENCE);
    leave(terminal);
    let read = |name: &str| fs::read_to_string(bmc.directory.path().join(name)).unwrap();
    let all = read("log.2") + &read("log.1") + &read("log");
    let lines: Vec<_> = all.lines().collect();
    let last = lines.iter().find(|line| line.ends_with(" line 200 of the log")).unwrap();
    let time: jiff::Timestamp = last.split(' ').next().unwrap().parse().unwrap();
    let age = jiff::Timestamp::now().duration_since(time);
    assert!((0..120).contains(&age.as_secs()), "{last}");
    assert!(!all.contains(" line 1 of the log\n"), "{all}");
    assert!(!bmc.directory.path().join("log.3").exists());
    assert!(read("log.1").len() < 2400);
}

#[test]
fn whoever_gets_no_console_is_told_why() {
    let bmc = Bmc::start();
    let mut command = bmc.console(&["sol", "activate"]);
    command.env("LANTERN_PASSWORD", "wrong");
    let refused = crate::support::finish(&mut command);
    assert_eq!(refused.code(), Some(3), "{refused}");
    assert!(refused.stderr.contains("password"), "{refused}");
    let refused = bmc.run(&["sol", "activate", "--no-encryption"]);
    assert_eq!(refused.code(), Some(1), "{refused}");
    assert!(refused.stderr.contains("encrypt"), "{refused}");
    bmc.text(&["sol", "set", "force-encryption", "off", "force-authentication", "off"]);
    let mut terminal = sit(&bmc, &["activate", "--no-encryption"]);
    terminal.wait_for("login: ", PATIENCE);
    leave(terminal);
    bmc.text(&["sol", "set", "enabled", "off"]);
    let refused = bmc.run(&["sol", "activate"]);
    assert_eq!(refused.code(), Some(1), "{refused}");
    assert!(refused.stderr.contains("disabled"), "{refused}");
    let refused = lantern_with(&["-H", "127.0.0.1:9", "-U", "a", "-P", "b", "sol", "activate"]);
    assert_eq!(refused.code(), Some(3), "{refused}");
}

#[test]
fn a_bmc_that_comes_back_brings_its_console_back() {
    let bmc = Bmc::start();
    let address = bmc.address.to_string();
    let log = tempfile::tempdir().unwrap();
    let log = log.path().join("log");
    let mut terminal = sit(&bmc, &["activate", "--log", log.to_str().unwrap()]);
    terminal.wait_for("login: ", PATIENCE);
    let killed = Instant::now();
    drop(bmc);
    terminal.wait_for("is silent: trying to get the console back]", PATIENCE);
    let noticed = killed.elapsed();
    // It stays away for a while.
    std::thread::sleep(Duration::from_secs(4));
    let back = Instant::now();
    let _bmc = Bmc::with(&example().replace("127.0.0.1:0", &address), &[]);
    terminal.wait_for("[the console is back after ", PATIENCE);
    let attached = back.elapsed();
    terminal.wait_for("login: ", PATIENCE);
    terminal.send("root\r");
    terminal.wait_for("Password: ", PATIENCE);
    leave(terminal);
    println!("noticed after {noticed:.1?}, attached {attached:.1?} after its return");
    assert!(noticed < Duration::from_secs(8), "{noticed:?}");
    assert!(attached < Duration::from_secs(10), "{attached:?}");
    let log = fs::read_to_string(log).unwrap();
    assert!(log.contains(" [the BMC 127.0.0.1:"), "{log}");
    assert!(log.contains(" [the console is back after "), "{log}");
}

/// A BMC that did not restart has the lost session's console still.
#[test]
fn a_bmc_that_was_silent_for_a_while_gives_the_console_to_its_own_again() {
    let bmc = Bmc::with(&program(ECHO), &[]);
    let mut terminal = sit(&bmc, &["activate"]);
    terminal.wait_for("ready", PATIENCE);
    bmc.signal("-STOP");
    terminal.wait_for("is silent: trying to get the console back]", PATIENCE);
    bmc.signal("-CONT");
    terminal.wait_for("[the console is back after ", PATIENCE);
    terminal.send("here again");
    terminal.wait_for("here again", PATIENCE);
    leave(terminal);
}

/// A terminal at `path` that sends back what it gets.
struct Echo(Child);

impl Echo {
    fn at(path: &Path) -> Option<Self> {
        let mut socat = Peer::find("socat")?.command();
        socat.arg(format!("pty,raw,echo=0,link={}", path.display())).arg("exec:cat");
        let socat = Self(socat.spawn().unwrap());
        let begun = Instant::now();
        while !path.exists() {
            assert!(begun.elapsed() < PATIENCE, "no terminal of socat's");
            std::thread::sleep(Duration::from_millis(5));
        }
        Some(socat)
    }
}

impl Drop for Echo {
    fn drop(&mut self) {
        signal_to(&self.0, "-TERM");
        let _ = self.0.wait();
    }
}

/// ipmi_sim takes the numbers of the last console's packets for those of this one (1.0.13): only its
/// first console hears the first characters.
#[test]
fn the_simulators_console_is_typed_at_and_remembered() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("port");
    let Some(_echo) = Echo::at(&path) else { return };
    let machine = Machine { console: Some(path), ..Machine::default() };
    let Some(sim) = IpmiSim::start_with(machine) else { return };
    let account = sim.machine().accounts[0].clone();
    let console = |words: &[&str]| {
        let mut command = lantern();
        command.args(["-H", &sim.addr().to_string(), "-U", &account.name, "sol"]);
        command.args(words).env("LANTERN_PASSWORD", &account.password);
        command
    };
    let mut terminal = Terminal::start(console(&["activate"]));
    terminal.wait_for(READY, PATIENCE);
    for n in 0..20 {
        let line = format!("line {n} to and fro\r");
        terminal.send(&line);
        terminal.wait_for(&line, PATIENCE);
    }
    leave(terminal);
    let mut history = Terminal::start(console(&["activate", "--instance", "2"]));
    history.wait_for("line 0 to and fro\r", PATIENCE);
    history.wait_for("line 19 to and fro\r", PATIENCE);
    leave(history);
}
