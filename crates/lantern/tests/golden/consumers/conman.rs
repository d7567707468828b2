//! ConMan has a script of its own for ipmitool (`ipmitool.exp`): it ends whoever has the console, asks
//! for it, types the password when it is asked, and passes on what comes.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use lantern_testkit::peers::Peer;
use lantern_testkit::terminal::Terminal;

use super::Programs;
use crate::support::{Bmc, PASSWORD, example, finish, signal_to};

const PATIENCE: Duration = Duration::from_secs(20);
const SCRIPT: &str = "/usr/lib/conman/exec/ipmitool.exp";

/// ConMan's server, with a console of each program. Ended when dropped.
struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        signal_to(&self.0, "-TERM");
        let _ = self.0.wait();
    }
}

/// Its script, with our ways: the search path is in it, and the port is not.
fn script(to: &Path, programs: &Path, port: u16) {
    let text = fs::read_to_string(SCRIPT).unwrap();
    let path = "set env(PATH) \"/usr/bin:/bin\"";
    assert!(text.contains(path) && text.contains("-H $host"), "{text}");
    let text = text
        .replace(path, &format!("set env(PATH) \"{}:/usr/bin:/bin\"", programs.display()))
        .replace("-H $host", &format!("-H $host -p {port}"));
    fs::write(to, text).unwrap();
    fs::set_permissions(to, PermissionsExt::from_mode(0o755)).unwrap();
}

#[test]
fn conman_keeps_a_console_with_either() {
    let Some((server, client)) = Peer::find("conmand").zip(Peer::find("conman")) else { return };
    let Some((programs, _)) = Programs::find().zip(Peer::find("expect")) else { return };
    let directory = tempfile::tempdir().unwrap();
    let bmcs = ["theirs", "ours"].map(|name| (name, Bmc::with(&example(), &[])));
    let mut consoles = String::new();
    for (name, bmc) in &bmcs {
        let path = match *name {
            "theirs" => programs.their_path().parent().unwrap().to_owned(),
            _ => programs.ours.path().to_owned(),
        };
        let to = directory.path().join(format!("{name}.exp"));
        script(&to, &path, bmc.address.port());
        let (to, host) = (to.display(), bmc.address.ip());
        consoles
            .push_str(&format!("console name=\"{name}\" dev=\"{to} {host} admin {PASSWORD}\"\n"));
    }
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let configuration = directory.path().join("conman.conf");
    let text = format!(
        "server loopback=on\nserver port={port}\nserver pidfile=\"{0}/pid\"\n\
         server logdir=\"{0}\"\nserver execpath=\"{0}\"\nglobal log=\"%N.log\"\n{consoles}",
        directory.path().display()
    );
    fs::write(&configuration, text).unwrap();
    let mut server = server.command();
    server.arg("-F").arg("-c").arg(&configuration).stdin(Stdio::null());
    let log = fs::File::create(directory.path().join("server.log")).unwrap();
    server.stdout(log.try_clone().unwrap()).stderr(log);
    let _server = Server(server.spawn().unwrap());
    let at = format!("127.0.0.1:{port}");
    let client = |words: &[&str]| -> Command {
        let mut command = client.command();
        command.args(["-d", &at]).args(words);
        command
    };
    let begun = Instant::now();
    let listed = loop {
        let output = finish(&mut client(&["-q"]));
        if output.is_success() {
            break output;
        }
        assert!(begun.elapsed() < PATIENCE, "{output}");
        std::thread::sleep(Duration::from_millis(50));
    };
    assert_eq!(listed.stdout, "ours\ntheirs\n");
    for (name, _) in &bmcs {
        let log = directory.path().join(format!("{name}.log"));
        let begun = Instant::now();
        // What the machine said before anybody came is in the log.
        while !fs::read_to_string(&log).unwrap_or_default().contains("gallery-1 login: ") {
            let said = fs::read_to_string(directory.path().join("server.log")).unwrap();
            assert!(begun.elapsed() < PATIENCE, "{name}: {said}");
            std::thread::sleep(Duration::from_millis(50));
        }
        let mut terminal = Terminal::start(client(&[name]));
        terminal.wait_for(&format!("<ConMan> Connection to console [{name}] opened."), PATIENCE);
        terminal.send("root\r");
        terminal.wait_for("root\r\n", PATIENCE);
        terminal.wait_for("Password: ", PATIENCE);
        terminal.send("x\r");
        terminal.wait_for("root@gallery-1:~# ", PATIENCE);
        terminal.send("uname\r");
        terminal.wait_for("Linux\r\n", PATIENCE);
        // ConMan's own character is the one that its script has ipmitool listen to.
        terminal.send("&.");
        terminal.wait_for("closed", PATIENCE);
        terminal.wait(PATIENCE);
    }
}
