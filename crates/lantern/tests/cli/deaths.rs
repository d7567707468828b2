//! A console's terminal after it is over, whatever the end was: as it was before. What the program
//! runs under is a shell that stays, for with a session's leader the kernel resets the terminal.

use std::fs::{self, File};
use std::io::Read;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use lantern_testkit::terminal::Terminal;

use crate::support::{Bmc, PASSWORD, example, lantern, wait};
use crate::terminal::terminal;

const PATIENCE: Duration = Duration::from_secs(30);
/// What both programs say once the console is there.
const READY: &str = "~? for help";

/// Who shows the console.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Program {
    Native,
    DropIn,
}

const BOTH: [Program; 2] = [Program::Native, Program::DropIn];

impl Program {
    fn command(self, bmc: &Bmc, options: &[&str]) -> Command {
        match self {
            Self::Native => bmc.console(&[&["sol", "activate"], options].concat()),
            Self::DropIn => {
                let (host, port) = (bmc.address.ip().to_string(), bmc.address.port().to_string());
                let mut command = lantern();
                command.args(["ipmitool", "-I", "lanplus", "-C", "17", "-U", "admin", "-P"]);
                command.args([PASSWORD, "-H", &host, "-p", &port, "sol", "activate"]);
                command.args(options);
                command
            }
        }
    }

    /// The exit code after a signal.
    const fn code(self, signal: i32) -> i32 {
        match (self, signal) {
            (Self::Native, 2) => 130,
            (Self::Native, _) => 143,
            (Self::DropIn, _) => 1,
        }
    }
}

/// A console on a terminal that is set as no terminal is by itself.
struct Sitting {
    bmc: Option<Bmc>,
    terminal: Terminal,
    before: String,
    process: u32,
}

impl Sitting {
    /// One that is ready to be typed at.
    fn at(program: Program, options: &[&str]) -> Self {
        let mut sitting = Self::start(program, options, "\"$0\" \"$@\"");
        sitting.terminal.wait_for(READY, PATIENCE);
        sitting.until_raw();
        sitting
    }

    /// `run` is how the shell runs the program.
    fn start(program: Program, options: &[&str], run: &str) -> Self {
        let bmc = Bmc::start();
        let script = format!(
            "stty -ixon -echoe erase '^H' intr '^E'; echo '[set]'; read go; {run}; \
             echo \"[code $?]\"; read end"
        );
        let terminal = Terminal::start(in_shell(&script, &program.command(&bmc, options)));
        let mut sitting = Self { bmc: Some(bmc), terminal, before: String::new(), process: 0 };
        sitting.terminal.wait_for("[set]\r\n", PATIENCE);
        sitting.before = sitting.terminal.settings();
        sitting.type_in("\n");
        let name = sitting.terminal.name();
        let is_it = |one: &Process| one.terminal == name && one.is_lantern;
        sitting.process = eventually("a process", || processes().into_iter().find(is_it)).id;
        sitting
    }

    fn bmc(&self) -> &Bmc {
        self.bmc.as_ref().unwrap()
    }

    fn is_as_before(&self) -> bool {
        self.terminal.settings() == self.before
    }

    fn until_raw(&self) {
        eventually("a raw terminal", || (!self.is_as_before()).then_some(()));
    }

    fn until_stopped(&self) {
        eventually("a process that is stopped", || {
            let stat = fs::read_to_string(format!("/proc/{}/stat", self.process)).unwrap();
            stat.contains(") T ").then_some(())
        });
    }

    fn signal(&self, name: &str) {
        let status = Command::new("kill").args([name, &self.process.to_string()]).status().unwrap();
        assert!(status.success());
    }

    fn type_in(&mut self, keys: &str) {
        self.terminal.send(keys);
    }

    /// It ends like this, and nothing is left behind.
    #[track_caller]
    fn ends(mut self, code: i32) -> Self {
        self.terminal.wait_for(&format!("[code {code}]"), PATIENCE);
        assert!(self.is_as_before(), "{}\n{}", self.terminal.settings(), self.before);
        self.leaves_nothing();
        self
    }

    /// It is killed: somebody else sets the terminal back.
    #[track_caller]
    fn dies_of(mut self, signal: i32) {
        self.terminal.wait_for(&format!("[code {}]", 128 + signal), PATIENCE);
        eventually("the terminal as it was", || self.is_as_before().then_some(()));
        self.leaves_nothing();
    }

    fn leaves_nothing(&self) {
        let name = self.terminal.name();
        eventually("no guardian", || {
            let left = processes().into_iter().any(|one| one.terminal == name && one.is_lantern);
            (!left).then_some(())
        });
        // Neither title, nor size, nor colours, nor another screen.
        let transcript = self.terminal.transcript();
        assert!(!transcript.contains('\u{1b}'), "{transcript:?}");
    }

    /// And the BMC has got its console back.
    fn gives_back(self) {
        let said = self.bmc().text(&["sol", "deactivate"]);
        assert_eq!(said, "nobody had console 1\n");
    }
}

/// A shell that runs this script; the command is its first words.
fn in_shell(script: &str, command: &Command) -> Command {
    let mut shell = Command::new("/bin/sh");
    shell.args(["-c", script]).arg(command.get_program()).args(command.get_args());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => shell.env(name, value),
            None => shell.env_remove(name),
        };
    }
    shell
}

/// A process that has a terminal as one of its standard three.
struct Process {
    id: u32,
    parent: u32,
    terminal: String,
    is_lantern: bool,
}

fn processes() -> Vec<Process> {
    let all = fs::read_dir("/proc").unwrap().flatten();
    // Any of them may be gone by now.
    all.filter_map(|entry| {
        let id = entry.file_name().to_str()?.parse().ok()?;
        let link = |name: &str| fs::read_link(entry.path().join(name)).ok();
        let terminal = ["fd/0", "fd/1", "fd/2"].iter().find_map(|name| {
            let name = link(name)?.to_string_lossy().replace(" (deleted)", "");
            name.starts_with("/dev/pts/").then_some(name)
        })?;
        let is_lantern = link("exe")?.ends_with("lantern");
        let stat = fs::read_to_string(entry.path().join("stat")).ok()?;
        let parent = stat.rsplit(") ").next()?.split(' ').nth(1)?.parse().ok()?;
        Some(Process { id, parent, terminal, is_lantern })
    })
    .collect()
}

#[track_caller]
fn eventually<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let begun = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(begun.elapsed() < PATIENCE, "{what}: not in time");
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn who_leaves_leaves_a_terminal_as_it_was() {
    for program in BOTH {
        let mut sitting = Sitting::at(program, &[]);
        sitting.type_in("root\r~.");
        sitting.ends(0).gives_back();
    }
}

#[test]
fn a_signal_that_can_be_caught_gives_all_back() {
    for program in BOTH {
        for (name, number) in [("-TERM", 15), ("-INT", 2), ("-HUP", 1), ("-QUIT", 3)] {
            let sitting = Sitting::at(program, &[]);
            sitting.signal(name);
            sitting.ends(program.code(number)).gives_back();
        }
        // This one means nothing.
        let mut sitting = Sitting::at(program, &[]);
        sitting.signal("-PIPE");
        sitting.type_in("\r~.");
        sitting.ends(0).gives_back();
    }
}

#[test]
fn a_signal_that_cannot_be_caught_leaves_no_raw_terminal() {
    for program in BOTH {
        for (name, number) in [("-KILL", 9), ("-ABRT", 6), ("-SEGV", 11)] {
            let sitting = Sitting::at(program, &[]);
            sitting.signal(name);
            if name == "-SEGV" {
                // The first one is swallowed: it comes from no address, and Rust's own handler gives
                // the instruction a second chance.
                let process = sitting.process.to_string();
                eventually("an end", || {
                    std::thread::sleep(Duration::from_millis(50));
                    let sent = Command::new("kill").args([name, &process]).output().unwrap();
                    (!sent.status.success()).then_some(())
                });
            }
            sitting.dies_of(number);
        }
        // Stopped, and killed then.
        let mut sitting = Sitting::at(program, &[]);
        sitting.type_in("\r~\u{1a}");
        sitting.until_stopped();
        sitting.signal("-KILL");
        sitting.dies_of(9);
    }
}

#[test]
fn who_stops_has_his_terminal_meanwhile() {
    for program in BOTH {
        for signal in [None, Some("-TSTP")] {
            let mut sitting = Sitting::at(program, &[]);
            match signal {
                None => sitting.type_in("\r~\u{1a}"),
                Some(signal) => sitting.signal(signal),
            }
            sitting.until_stopped();
            assert!(sitting.is_as_before(), "{signal:?}");
            sitting.signal("-CONT");
            sitting.until_raw();
            sitting.type_in("\r~.");
            sitting.ends(0).gives_back();
        }
        // "But don't restore": it goes on, and the terminal stays.
        let mut sitting = Sitting::at(program, &[]);
        sitting.type_in("\r~\u{18}");
        sitting.until_stopped();
        sitting.signal("-CONT");
        sitting.type_in("\n~.\n");
        sitting.ends(0).gives_back();
        // Who is stopped without being asked cannot say so; it goes on as it was.
        let mut sitting = Sitting::at(program, &[]);
        sitting.signal("-STOP");
        sitting.until_stopped();
        sitting.signal("-CONT");
        sitting.type_in("\r~.");
        sitting.ends(0).gives_back();
    }
}

#[test]
fn nobody_who_reads_and_nobody_who_types_are_ends() {
    for program in BOTH {
        // The last command's code is the pipe's.
        let mut sitting = Sitting::start(program, &[], "\"$0\" \"$@\" | true");
        sitting.until_raw();
        sitting.type_in("root\r");
        sitting.ends(0).gives_back();
        let sitting = Sitting::start(program, &[], "\"$0\" \"$@\" <&-");
        sitting.ends(0).gives_back();
    }
}

#[test]
fn a_console_that_is_lost_leaves_a_terminal_as_it_was() {
    for (program, options, code) in
        [(Program::Native, ["--no-reconnect"].as_slice(), 3), (Program::DropIn, &[], 1)]
    {
        let mut sitting = Sitting::at(program, options);
        sitting.bmc = None;
        sitting.ends(code);
    }
    for (program, code) in [(Program::Native, 8), (Program::DropIn, 1)] {
        let sitting = Sitting::at(program, &[]);
        assert_eq!(sitting.bmc().text(&["sol", "deactivate"]), "console 1 is ended\n");
        sitting.ends(code).gives_back();
    }
}

#[test]
fn a_password_that_is_wrong_by_now_leaves_a_terminal_as_it_was() {
    let mut sitting = Sitting::at(Program::Native, &[]);
    let address = sitting.bmc().address.to_string();
    sitting.bmc = None;
    let changed = example().replace("127.0.0.1:0", &address).replace(PASSWORD, "Another_Pass");
    let _changed = Bmc::with(&changed, &[]);
    let sitting = sitting.ends(3);
    let transcript = sitting.terminal.transcript();
    assert!(transcript.contains("trying to get the console back]"), "{transcript}");
    assert!(transcript.contains("password"), "{transcript}");
}

#[test]
fn a_log_that_cannot_be_written_ends_alone() {
    let mut sitting = Sitting::start(Program::Native, &["--log", "/dev/full"], "\"$0\" \"$@\"");
    sitting.terminal.wait_for("the log cannot be written, and ends here: No space left", PATIENCE);
    sitting.terminal.wait_for("login: ", PATIENCE);
    sitting.type_in("root\r");
    sitting.terminal.wait_for("Password", PATIENCE);
    sitting.type_in("\r~.");
    sitting.ends(0).gives_back();
}

#[test]
fn a_terminal_that_is_hung_up_ends_all() {
    for program in BOTH {
        let bmc = Bmc::start();
        let (controller, terminal) = terminal(80);
        let command = program.command(&bmc, &[]);
        // A session of its own, of which this is the terminal.
        let mut command = in_shell("exec setsid -c \"$0\" \"$@\"", &command);
        command.stdin(Stdio::from(terminal.try_clone().unwrap()));
        command.stderr(Stdio::from(terminal.try_clone().unwrap())).stdout(Stdio::from(terminal));
        let mut child = command.spawn().unwrap();
        drop(command);
        let mut controller = File::from(controller);
        let mut seen = Vec::new();
        while !String::from_utf8_lossy(&seen).contains(READY) {
            let mut buffer = [0; 256];
            let count = controller.read(&mut buffer).unwrap();
            seen.extend_from_slice(&buffer[..count]);
        }
        let own = eventually("the program and its guardian", || {
            let is_own =
                |one: &Process| one.is_lantern && [one.id, one.parent].contains(&child.id());
            let own: Vec<_> = processes().into_iter().filter(is_own).map(|one| one.id).collect();
            (own.len() == 2).then_some(own)
        });
        drop(controller);
        assert_ne!(wait(&mut child).code(), Some(0));
        eventually("no process", || {
            own.iter().all(|id| !processes().iter().any(|one| one.id == *id)).then_some(())
        });
        assert_eq!(bmc.text(&["sol", "deactivate"]), "nobody had console 1\n");
    }
}

#[test]
fn whose_parent_dies_of_goes_on_or_ends_in_good_order() {
    for program in BOTH {
        // The session's leader goes: the terminal is hung up, which is what it hears of.
        let mut sitting = Sitting::at(program, &[]);
        let leader = sitting.terminal.process();
        let killed = Command::new("kill").args(["-KILL", &leader.to_string()]).status().unwrap();
        assert!(killed.success());
        sitting.terminal.wait(PATIENCE);
        sitting.leaves_nothing();
        sitting.gives_back();
        // Somebody in between goes: nothing has changed for it.
        let mut sitting = Sitting::start(program, &[], "sh -c '\"$0\" \"$@\"; :' \"$0\" \"$@\"");
        sitting.terminal.wait_for(READY, PATIENCE);
        sitting.until_raw();
        let parent = processes().into_iter().find(|one| one.id == sitting.process).unwrap().parent;
        let killed = Command::new("kill").args(["-KILL", &parent.to_string()]).status().unwrap();
        assert!(killed.success());
        sitting.terminal.wait_for("[code 137]", PATIENCE);
        sitting.signal("-TERM");
        eventually("the terminal as it was", || sitting.is_as_before().then_some(()));
        sitting.leaves_nothing();
        sitting.gives_back();
    }
}
