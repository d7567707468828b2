//! A console server, BMCs whose consoles it keeps, and people who share them.

use std::fs;
use std::io::{BufReader, Read, Write};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use lantern_testkit::terminal::Terminal;
use serde_json::Value;
use tempfile::TempDir;

use crate::support::{Bmc, PASSWORD, example, finish, first_line, lantern, signal_to, wait};

const PATIENCE: Duration = Duration::from_secs(30);

/// A console server, until it is dropped.
pub(crate) struct Server {
    child: Child,
    directory: TempDir,
    _stdout: BufReader<ChildStdout>,
}

impl Server {
    /// One for these hosts, each with its address, and these consoles.
    pub(crate) fn start(hosts: &[(&str, String)], consoles: &str) -> Self {
        let directory = tempfile::tempdir().unwrap();
        write_files(directory.path(), hosts, consoles);
        let mut command = lantern();
        command.args(["console", "run"]).arg(directory.path().join("consoles.toml"));
        command.env("LANTERN_CONFIG", directory.path().join("lantern.toml"));
        command.env("LANTERN_PASSWORD", PASSWORD).stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let (line, stdout) = first_line(child.stdout.take().unwrap());
        assert!(line.contains(" at /"), "{line}");
        Self { child, directory, _stdout: stdout }
    }

    pub(crate) fn socket(&self) -> PathBuf {
        self.directory.path().join("run/s")
    }

    pub(crate) fn process(&self) -> u32 {
        self.child.id()
    }

    pub(crate) const fn child(&self) -> &Child {
        &self.child
    }

    /// Stops it in good order; how long that took.
    pub(crate) fn stop(&mut self) -> Duration {
        let begun = Instant::now();
        signal_to(&self.child, "-TERM");
        assert_eq!(wait(&mut self.child).code(), Some(0));
        begun.elapsed()
    }

    /// Has other files for the next time that they are read.
    pub(crate) fn rewrite(&self, hosts: &[(&str, String)], consoles: &str) {
        write_files(self.directory.path(), hosts, consoles);
    }

    fn command(&self, words: &[&str]) -> Command {
        let mut command = lantern();
        command.env("LANTERN_CONSOLE_SOCKET", self.socket()).env("USER", "ann");
        command.args(words);
        command
    }

    fn attach(&self, words: &[&str]) -> Terminal {
        Terminal::start(self.command(&[&["console"], words].concat()))
    }

    pub(crate) fn list(&self) -> Vec<Value> {
        let output = finish(&mut self.command(&["-o", "json", "console", "list"]));
        let object = serde_json::from_str(output.expect_success()).unwrap();
        crate::schemas::check(&object);
        object["consoles"].as_array().unwrap().clone()
    }

    /// Waits until all of them are open.
    pub(crate) fn ready(&self, limit: Duration) {
        let started = Instant::now();
        loop {
            let list = self.list();
            if list.iter().all(|console| console["state"] == "open") {
                return;
            }
            assert!(started.elapsed() < limit, "{list:?}");
            sleep(Duration::from_millis(50));
        }
    }

    pub(crate) fn log(&self, name: &str) -> String {
        fs::read_to_string(self.log_path(name)).unwrap()
    }

    fn log_path(&self, name: &str) -> PathBuf {
        self.directory.path().join(format!("logs/{name}.log"))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn write_files(directory: &Path, hosts: &[(&str, String)], consoles: &str) {
    let mut text = "[defaults]\nuser = \"admin\"\n".to_owned();
    for (name, address) in hosts {
        text.push_str(&format!("[hosts.{name}]\naddress = \"{address}\"\n"));
    }
    let names: Vec<_> = hosts.iter().map(|(name, _)| format!("\"{name}\"")).collect();
    text.push_str(&format!("[groups]\nall = [{}]\n", names.join(", ")));
    fs::write(directory.join("lantern.toml"), text).unwrap();
    let base = directory.display();
    let head = format!("socket = \"{base}/run/s\"\nlog_dir = \"{base}/logs\"\n");
    fs::write(directory.join("consoles.toml"), head + consoles).unwrap();
}

fn wired_to(source: &str) -> String {
    let text = example().replace("sim = true", source);
    assert!(text.contains(source));
    text
}

const ALL: &str = "[[console]]\nhosts = \"@all\"\n";

#[test]
fn consoles_are_shared_logged_and_got_back() {
    let program =
        "command = [\"/bin/sh\", \"-c\", \"while read line; do echo you said $line; done\"]";
    let machine = TcpListener::bind("127.0.0.1:0").unwrap();
    let tcp = format!("tcp = \"{}\"", machine.local_addr().unwrap());
    let sim = Bmc::start();
    let bmcs = [Bmc::with(&wired_to(program), &[]), Bmc::with(&wired_to(&tcp), &[])];
    let (mut machine, _) = machine.accept().unwrap();
    let [said, plain] = [&bmcs[0], &bmcs[1]].map(|bmc| bmc.address.to_string());
    let hosts = [("sim", sim.address.to_string()), ("said", said), ("plain", plain)];
    let mut server = Server::start(&hosts, ALL);
    server.ready(PATIENCE);

    // What a machine says before anybody looks is seen by who comes, and is in the log.
    machine.write_all(b"early words\r\n").unwrap();
    let mut reader = server.attach(&["plain", "--read-only"]);
    reader.wait_for("early words", PATIENCE);
    let mut typist = server.attach(&["plain"]);
    typist.wait_for("you write", PATIENCE);
    typist.wait_for("early words", PATIENCE);
    typist.send("typed\r");
    let mut heard = [0; 6];
    machine.read_exact(&mut heard).unwrap();
    assert_eq!(&heard, b"typed\r");
    drop((reader, typist));

    let mut first = server.attach(&["sim"]);
    first.wait_for("you write", PATIENCE);
    first.wait_for("login: ", PATIENCE);
    first.send("root\r");
    first.wait_for("Password: ", PATIENCE);
    first.send("x\r");
    first.wait_for("'help' says", PATIENCE);
    let mut second = server.attach(&["sim"]);
    second.wait_for("writes, you read along", PATIENCE);
    second.wait_for("'help' says", PATIENCE);
    first.wait_for("is here and reads along", PATIENCE);
    second.send("x");
    second.wait_for("what you type goes nowhere", PATIENCE);
    let mut thief = server.attach(&["sim", "--steal", "-e", "%"]);
    first.wait_for("is here and takes the pen", PATIENCE);
    thief.wait_for("you write", PATIENCE);
    thief.send("\recho a-word\r");
    for terminal in [&mut first, &mut second, &mut thief] {
        terminal.wait_for("\na-word", PATIENCE);
    }
    thief.send("\r%B");
    thief.wait_for("[break]", PATIENCE);
    // What the simulated machine makes of a break.
    thief.wait_for("sysrq", PATIENCE);
    let list = server.list();
    let row = list.iter().find(|row| row["name"] == "sim").unwrap();
    assert_eq!(row["attached"].as_array().unwrap().len(), 3);
    assert!(row["writer"].as_str().unwrap().starts_with("ann at "), "{row}");
    thief.send("\r%.");
    assert!(thief.wait(PATIENCE).success());
    first.wait_for("writes]", PATIENCE);

    // The BMC's power fails.
    let address = sim.address.to_string();
    drop(sim);
    first.wait_for("the BMC is silent", PATIENCE);
    first.send("x");
    first.wait_for("what is typed is dropped", PATIENCE);
    let again = Instant::now();
    let _sim = Bmc::with(&example().replace("127.0.0.1:0", &address), &[]);
    first.wait_for("the console is back after", PATIENCE);
    assert!(again.elapsed() < Duration::from_secs(10), "{:?}", again.elapsed());

    let took = server.stop();
    first.wait_for("the console server stops", PATIENCE);
    assert!(took < Duration::from_secs(5), "{took:?}");
    assert!(!server.socket().exists());
    let log = server.log("sim");
    for text in [
        "[the console is open]",
        "a-word",
        "[the BMC is silent: trying to get the console]",
        "[the console is back after",
        "[the console is given back]",
    ] {
        assert!(log.contains(text), "no {text:?} in {log}");
    }
    assert!(server.log("plain").contains(" early words\n"));
    let mode = fs::metadata(server.log_path("sim")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    // They have been given back: nobody has to steal them.
    bmcs[0].text(&["sol", "looptest", "1"]);
}

#[test]
fn who_does_not_read_is_skipped_and_holds_nobody_up() {
    // The BMC keeps all of it until it is fetched.
    let program = r#"history = 16000000
command = ["/bin/sh", "-c", "stty -echo -onlcr; while read n; do seq 1 $n; echo over; done"]"#;
    let bmc = Bmc::with(&wired_to(program), &[]);
    let server = Server::start(&[("n1", bmc.address.to_string())], ALL);
    server.ready(PATIENCE);
    let mut slow = server.command(&["console", "n1", "--read-only"]);
    let mut slow = slow.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut quick = server.attach(&["n1"]);
    quick.wait_for("you write", PATIENCE);
    sleep(Duration::from_millis(200));
    quick.send("160000\r");
    quick.wait_for("160000\nover", Duration::from_secs(120));
    // Nothing of it is missing in the log, however busy this machine is.
    let numbers = |text: &str| {
        let mut due = 1;
        for line in text.lines() {
            let word = line.rsplit(' ').next().unwrap_or_default().trim();
            due += u32::from(word.parse() == Ok(due));
        }
        due - 1
    };
    assert_eq!(numbers(&server.log("n1")), 160_000);
    let mut stderr = slow.stderr.take().unwrap();
    let mut stdout = slow.stdout.take().unwrap();
    let reading = std::thread::spawn(move || {
        let mut shown = Vec::new();
        let _ = stdout.read_to_end(&mut shown);
        shown
    });
    sleep(Duration::from_secs(1));
    signal_to(&slow, "-TERM");
    wait(&mut slow);
    let mut notes = String::new();
    stderr.read_to_string(&mut notes).unwrap();
    // It may be more than once.
    let notes = notes.split(" bytes are skipped here").collect::<Vec<_>>();
    let (_, notes) = notes.split_last().unwrap();
    let count = |note: &&str| note.rsplit('[').next().unwrap().parse::<usize>().unwrap();
    let skipped: usize = notes.iter().map(count).sum();
    let shown = reading.join().unwrap();
    assert!(skipped > 10_000, "{skipped}");
    assert!(String::from_utf8_lossy(&shown).contains("160000\nover"));
}

#[test]
fn hangup_takes_the_files_over_and_reopens_logs() {
    let bmcs = [Bmc::start(), Bmc::start()];
    let hosts = [("n1", bmcs[0].address.to_string()), ("n2", bmcs[1].address.to_string())];
    let server = Server::start(&hosts, "[[console]]\nhosts = \"n1\"\nname = \"first\"\n");
    server.ready(PATIENCE);
    let names = |server: &Server| {
        let list = server.list();
        list.iter().map(|row| row["name"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(names(&server), ["first"]);
    let mut terminal = server.attach(&["first"]);
    terminal.wait_for("login: ", PATIENCE);
    let moved = server.directory.path().join("logs/first.log-1");
    fs::rename(server.log_path("first"), &moved).unwrap();
    // A mistake changes nothing.
    server.rewrite(&hosts, "[[console]]\nhosts = \"n1\"\nnmae = \"x\"\n");
    signal_to(&server.child, "-HUP");
    let started = Instant::now();
    while !server.log_path("first").exists() {
        assert!(started.elapsed() < PATIENCE);
        sleep(Duration::from_millis(20));
    }
    assert_eq!(names(&server), ["first"]);
    let both = "[[console]]\nhosts = \"n1\"\nname = \"first\"\n[[console]]\nhosts = \"n2\"\n";
    server.rewrite(&hosts, both);
    signal_to(&server.child, "-HUP");
    while names(&server) != ["first", "n2"] {
        assert!(started.elapsed() < PATIENCE);
        sleep(Duration::from_millis(20));
    }
    server.ready(PATIENCE);
    // The one that was there is the same still.
    terminal.send("root\r");
    terminal.wait_for("Password: ", PATIENCE);
    assert!(server.log("first").contains("Password: ") && !server.log("first").contains("open]"));
    // And goes when it is not wanted any more.
    server.rewrite(&hosts, "[[console]]\nhosts = \"n2\"\n");
    signal_to(&server.child, "-HUP");
    terminal.wait_for("it is kept no more", PATIENCE);
    assert_eq!(terminal.wait(PATIENCE).code(), Some(3));
}

#[test]
fn what_is_wrong_with_the_file_is_said_with_its_place() {
    let directory = tempfile::tempdir().unwrap();
    for (consoles, says) in [
        ("[[console]]\nhots = \"n1\"\n", "consoles.toml:4:1: 'hots' is not a key of [[console]]"),
        ("[[console]]\nhosts = \"@none\"\n", "consoles.toml:4:9: "),
        ("[[console]]\nhosts = \"n[1-2]\"\nname = \"x\"\n", "consoles.toml:5:8: these are 2 BMCs"),
        (
            "[[console]]\nhosts = \"n1\"\n[[console]]\nhosts = \"n1\"\n",
            "consoles.toml:6:9: 'n1' is",
        ),
        ("[[console]]\nhosts = \"n1\"\npassword = \"Secret\"\n", "'password' does not go here"),
    ] {
        write_files(directory.path(), &[("n1", "127.0.0.1:1".to_owned())], consoles);
        let mut command = lantern();
        command.args(["console", "run"]).arg(directory.path().join("consoles.toml"));
        command.env("LANTERN_CONFIG", directory.path().join("lantern.toml"));
        let output = finish(command.env("LANTERN_PASSWORD", PASSWORD));
        assert_eq!(output.code(), Some(2), "{consoles}");
        assert!(
            output.stderr.contains(says) && !output.stderr.contains("Secret"),
            "{}",
            output.stderr
        );
    }
    let mut command = lantern();
    let output = finish(command.args(["console", "n1", "--socket", "/nonexistent/s"]));
    assert_eq!(output.code(), Some(3));
}
