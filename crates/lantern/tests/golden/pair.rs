//! Two BMCs that are the same, one for each program.

use std::net::SocketAddr;
use std::process::Command;

use lantern_testkit::peers::{IpmiSim, Ipmitool, Machine as SimulatedMachine};
use lantern_testkit::process::Output;

use crate::support::{Bmc, PASSWORD, example, finish};

/// When it is on both BMCs: a Saturday in November 2026.
const NOW: u32 = 1_795_900_000;

/// The real program and ours, each with a BMC of its own.
pub(crate) struct Pair {
    theirs: Machine,
    ours: Machine,
    options: Vec<String>,
}

enum Machine {
    Bmc(Bmc),
    Sim(IpmiSim),
}

impl Machine {
    fn address(&self) -> SocketAddr {
        match self {
            Self::Bmc(bmc) => bmc.address,
            Self::Sim(sim) => sim.addr(),
        }
    }
}

impl Pair {
    /// Two of the BMC of the examples. `None` if there is no ipmitool here.
    pub(crate) fn reference() -> Option<Self> {
        Self::with(|config| config)
    }

    /// Two that have one of everything in their repositories.
    pub(crate) fn specimens() -> Option<Self> {
        Self::with(|config| config.replace("\"reference\"", "\"specimens\""))
    }

    /// Two that are as `change` makes the configuration of the examples.
    pub(crate) fn with(change: impl Fn(String) -> String) -> Option<Self> {
        let frozen = example().replacen("[bmc]\n", &format!("[bmc]\nfrozen = {NOW}\n"), 1);
        let config = change(frozen);
        let start = || Machine::Bmc(Bmc::with(&config, &[]));
        Self::of(start(), start(), ["-I", "lanplus", "-C", "17", "-U", "admin", "-P", PASSWORD])
    }

    /// Two of OpenIPMI's simulator.
    pub(crate) fn simulators() -> Option<Self> {
        Self::simulators_of(SimulatedMachine::default)
    }

    /// Two of OpenIPMI's simulator, each with a machine of this kind.
    pub(crate) fn simulators_of(machine: impl Fn() -> SimulatedMachine) -> Option<Self> {
        let (theirs, ours) = (IpmiSim::start_with(machine())?, IpmiSim::start_with(machine())?);
        let admin = theirs.machine().accounts[0].clone();
        let words = ["-I", "lanplus", "-C", "3", "-U", &admin.name, "-P", &admin.password];
        Self::of(Machine::Sim(theirs), Machine::Sim(ours), words)
    }

    fn of<const N: usize>(theirs: Machine, ours: Machine, options: [&str; N]) -> Option<Self> {
        // That it is there, or that it may be missing, is judged in one place.
        Ipmitool::new(theirs.address(), "", "")?;
        let options = options.map(str::to_owned).to_vec();
        Some(Self { theirs, ours, options })
    }

    /// Where the real one's BMC is.
    pub(crate) fn their_address(&self) -> SocketAddr {
        self.theirs.address()
    }

    /// Where ours is.
    pub(crate) fn our_address(&self) -> SocketAddr {
        self.ours.address()
    }

    /// Runs the real one.
    pub(crate) fn theirs(&self, words: &[&str]) -> Output {
        finish(&mut self.their_command(words))
    }

    /// Runs ours.
    pub(crate) fn ours(&self, words: &[&str]) -> Output {
        finish(&mut self.our_command(words))
    }

    /// The real one, yet to be run.
    pub(crate) fn their_command(&self, words: &[&str]) -> Command {
        self.command(Command::new("ipmitool"), &self.theirs, words)
    }

    /// Ours, yet to be run.
    pub(crate) fn our_command(&self, words: &[&str]) -> Command {
        let mut command = crate::support::lantern();
        command.arg("ipmitool");
        self.command(command, &self.ours, words)
    }

    /// Runs the real one against our BMC.
    pub(crate) fn real_of_ours<W: AsRef<std::ffi::OsStr>>(&self, words: &[W]) -> Output {
        finish(self.command(Command::new("ipmitool"), &self.ours, &[]).args(words))
    }

    fn run(&self, command: Command, machine: &Machine, words: &[&str]) -> Output {
        finish(&mut self.command(command, machine, words))
    }

    fn command(&self, mut command: Command, machine: &Machine, words: &[&str]) -> Command {
        let address = machine.address();
        let (host, port) = (address.ip().to_string(), address.port().to_string());
        command.args(["-H", &host, "-p", &port]).args(&self.options).args(words);
        // Whatever the caller's language is: the C locale is what the drop-in always speaks.
        command.env("LC_ALL", "C").env("TZ", "UTC");
        command.env_remove("IPMI_PASSWORD").env_remove("IPMITOOL_PASSWORD");
        command
    }

    /// Both say the same to this, and end alike. Returns what they said.
    #[track_caller]
    pub(crate) fn same(&self, line: &str) -> String {
        self.same_words(&line.split_whitespace().collect::<Vec<_>>())
    }

    /// As [`same`](Self::same), where words have blanks in them.
    #[track_caller]
    pub(crate) fn same_words(&self, words: &[&str]) -> String {
        let (theirs, ours) = (self.theirs(words), self.ours(words));
        assert_eq!(
            (ours.stdout.as_str(), ours.code()),
            (theirs.stdout.as_str(), theirs.code()),
            "{words:?}\n--- ours, standard error\n{}\n--- theirs\n{}",
            ours.stderr,
            theirs.stderr
        );
        if theirs.code() == Some(0) && theirs.stderr.is_empty() {
            assert_eq!(ours.stderr, "", "{words:?}: success is silent");
        }
        theirs.stdout
    }

    /// Both say the same, and what both say on standard error has this in it.
    #[track_caller]
    pub(crate) fn same_error(&self, line: &str, says: &str) {
        let words: Vec<_> = line.split_whitespace().collect();
        self.same_words(&words);
        for output in [self.theirs(&words), self.ours(&words)] {
            assert!(output.stderr.contains(says), "{says}: {output}");
        }
    }

    /// Both change their BMC in the same way: what the real one reads of both is the same afterwards.
    #[track_caller]
    pub(crate) fn same_change(&self, line: &str, reads: &[&str]) {
        self.same_change_words(&line.split_whitespace().collect::<Vec<_>>(), reads);
    }

    /// As [`same_change`](Self::same_change), where words have blanks in them.
    #[track_caller]
    pub(crate) fn same_change_words(&self, words: &[&str], reads: &[&str]) {
        self.same_words(words);
        self.same_state(reads);
    }

    /// What the real one reads of both BMCs is the same.
    #[track_caller]
    pub(crate) fn same_state(&self, reads: &[&str]) {
        for read in reads {
            let read: Vec<_> = read.split_whitespace().collect();
            let theirs = self.run(Command::new("ipmitool"), &self.theirs, &read);
            let ours = self.run(Command::new("ipmitool"), &self.ours, &read);
            assert_eq!(ours.stdout, theirs.stdout, "{read:?}");
        }
    }

    /// Waits until the real one reads this of both BMCs.
    #[track_caller]
    pub(crate) fn until(&self, read: &str, says: &str) {
        let words: Vec<_> = read.split_whitespace().collect();
        let begun = std::time::Instant::now();
        for machine in [&self.theirs, &self.ours] {
            while !self.run(Command::new("ipmitool"), machine, &words).stdout.contains(says) {
                assert!(begun.elapsed().as_secs() < 60, "{read}: not {says}");
                std::thread::sleep(std::time::Duration::from_millis(200));
            }
        }
    }

    /// Ours refuses this, says why, and has not changed anything by then, whatever the original does.
    #[track_caller]
    pub(crate) fn refused<W: AsRef<std::ffi::OsStr>>(&self, words: &[W], says: &str, read: &str) {
        let read: Vec<_> = read.split_whitespace().collect();
        let state = || self.run(Command::new("ipmitool"), &self.ours, &read).stdout;
        let before = state();
        assert_ne!(before, "", "{read:?}");
        let mut command = self.our_command(&[]);
        let ours = finish(command.args(words));
        assert_eq!((ours.code(), ours.stdout.trim()), (Some(1), ""), "{ours}");
        assert!(ours.stderr.contains(says), "{says}: {ours}");
        assert_eq!(state(), before, "{ours}");
    }

    /// Both say the same of one BMC, for what a BMC has to itself, such as its port.
    #[track_caller]
    pub(crate) fn same_of_one(&self, line: &str) {
        let words: Vec<_> = line.split_whitespace().collect();
        let theirs = self.run(Command::new("ipmitool"), &self.ours, &words);
        let ours = self.ours(&words);
        let said = |output: &Output| (output.stdout.clone(), output.code());
        assert_eq!(said(&ours), said(&theirs), "{line}\n{}\n{}", ours.stderr, theirs.stderr);
    }
}
