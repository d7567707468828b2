//! One command on many BMCs.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{File, read_to_string};
use std::io::{BufRead, BufReader};
use std::net::Ipv4Addr;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use lantern_fleet::{NodeSet, Nothing};
use lantern_testkit::peers::Peer;
use lantern_testkit::process::Output;
use serde_json::Value;

use crate::sim::Fleet;
use crate::support::{Bmc, PASSWORD, example, finish, lantern, signal_to, wait};
use crate::terminal::asked;

/// Some BMCs, with addresses beyond them where nobody answers: what is sent to a fleet's socket for
/// somebody who is not there gets lost.
struct Some {
    _fleet: Fleet,
    base: String,
    port: String,
}

impl Some {
    fn start(base: &str, count: u32) -> Self {
        let count = count.to_string();
        let fleet =
            Fleet::start(&["sim", "--count", &count, "--base", &format!("{base}.1"), "-p", "0"]);
        let port = fleet.first.rsplit(':').next().unwrap().to_owned();
        Self { _fleet: fleet, base: base.to_owned(), port }
    }

    fn console(&self, range: &str, arguments: &[&str]) -> Command {
        let mut command = lantern();
        let Self { base, port, .. } = self;
        command.args(["-H", &format!("{base}.{range}"), "-p", port, "-U", "admin"]).args(arguments);
        command.env("LANTERN_PASSWORD", PASSWORD);
        command
    }

    fn run(&self, range: &str, arguments: &[&str]) -> Output {
        finish(&mut self.console(range, arguments))
    }
}

/// Objects of one line each, as their schemas say.
fn lines(text: &str) -> Vec<Value> {
    let object = |line: &str| {
        let object: Value = serde_json::from_str(line).unwrap();
        crate::schemas::check(&object);
        object
    };
    text.lines().map(object).collect()
}

fn word<'a>(object: &'a Value, name: &str) -> &'a str {
    object[name].as_str().unwrap_or_else(|| panic!("{name}: {object:#}"))
}

/// In CI. `cargo xtask bench many` and `cargo xtask soak` have a release build, and say how many in
/// LANTERN_MANY.
const MANY: u32 = 1000;
/// What the issue allows: bytes of the client's memory for each BMC beyond the first ones.
const EACH: u64 = 10 * 1024;

/// A run of the program that may have no more than 256 files open.
struct Frugal {
    code: Option<i32>,
    took: Duration,
    /// The most memory that it had, in KiB.
    peak: u64,
    stdout: String,
    stderr: String,
}

impl Frugal {
    fn run(arguments: &[&str]) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let [out, err] = ["out", "err"].map(|name| directory.path().join(name));
        let mut command = Command::new("sh");
        command.args(["-c", "ulimit -n 256; exec \"$0\" \"$@\"", env!("CARGO_BIN_EXE_lantern")]);
        command.args(arguments).stdin(Stdio::null());
        command.stdout(File::create(&out).unwrap()).stderr(File::create(&err).unwrap());
        command.env("LANTERN_PASSWORD", PASSWORD).env("XDG_CACHE_HOME", "/dev/null/none");
        let begun = Instant::now();
        let mut child = command.spawn().unwrap();
        let mut peak = 0;
        while child.try_wait().unwrap().is_none() {
            if begun.elapsed() > Duration::from_secs(120) {
                child.kill().unwrap();
            }
            std::thread::sleep(Duration::from_millis(2));
            // It only ever grows; there is none of a process that has ended.
            let status = read_to_string(format!("/proc/{}/status", child.id())).unwrap_or_default();
            let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
            let now = line.and_then(|line| line.split_whitespace().next()?.parse().ok());
            peak = peak.max(now.unwrap_or(0));
        }
        let (code, took) = (child.wait().unwrap().code(), begun.elapsed());
        let [stdout, stderr] = [out, err].map(|path| read_to_string(path).unwrap());
        Self { code, took, peak, stdout, stderr }
    }
}

/// Where nobody answers, after so many who do: nodesets of addresses in 127.128.0.0/9.
fn addresses(from: u32, to: u32) -> String {
    let first = Ipv4Addr::new(127, 160, 0, 1).to_bits();
    let names = (from..to).map(|nth| Ipv4Addr::from_bits(first + nth).to_string());
    names.collect::<NodeSet>().fold()
}

#[test]
fn of_a_thousand_of_which_half_are_silent_each_is_told_of_with_few_files_and_little_memory() {
    let wanted = std::env::var("LANTERN_MANY").ok().map(|text| text.parse().unwrap());
    let count: u32 = wanted.unwrap_or(MANY);
    let half = count / 2;
    let fleet =
        Fleet::start(&["sim", "--count", &half.to_string(), "--base", "127.160.0.1", "-p", "0"]);
    let port = fleet.first.rsplit(':').next().unwrap();
    let (there, silent) = (addresses(0, half), addresses(half, count));
    let few = ["-H", "127.160.0.1", "-H", "127.199.0.1"];
    // All BMCs are one process, which has to be quick enough for all of them: in CI it is a debug
    // build, on a machine that may be busy. `lantern-fleet` has the same in virtual time.
    let deadline = if wanted.is_some_and(|count| count <= MANY) { "3s" } else { "10s" };
    let common = ["-p", port, "-U", "admin", "--deadline", deadline, "-o", "jsonl"];
    let run = |hosts: &[&str]| Frugal::run(&[hosts, &common, &["power", "status"]].concat());
    let least = run(&few).peak;
    let Frugal { code, took, peak, stdout, stderr } = run(&["-H", &there, "-H", &silent]);

    assert_eq!(code, Some(6), "{stderr}");
    let objects = lines(&stdout);
    let of = |schema: &str| -> NodeSet {
        let are = objects.iter().filter(|object| object["schema"] == schema);
        are.map(|object| word(object, "host")).collect()
    };
    let (answered, failed) = (of("lantern.power_status/1"), of("lantern.fleet_failure/1"));
    assert_eq!(objects.len(), usize::try_from(count).unwrap());
    let expand = |set: &str| NodeSet::parse(set, &mut Nothing).unwrap();
    for (told, are) in [(&answered, &there), (&failed, &silent)] {
        let (told, are): (BTreeSet<_>, _) = (told.iter().collect(), expand(are));
        let wrong: Vec<_> =
            told.symmetric_difference(&are.iter().collect()).take(9).copied().collect();
        assert!(wrong.is_empty(), "every one, once; of {} not {wrong:?}", told.len());
    }
    for object in objects.iter().filter(|object| object["error"].is_object()) {
        assert_eq!(object["error"]["exit_code"], 3, "{object:#}");
        assert!(word(&object["error"], "message").contains("no session"), "{object:#}");
        assert!(!word(&object["error"], "cause").is_empty());
    }
    let last = lines(&stderr).pop().unwrap();
    assert!(word(&last, "message").ends_with(&silent), "{last:#}");

    let each = peak.saturating_sub(least) * 1024 / u64::from(count - 2);
    assert!(each <= EACH, "{each} bytes for each of {count}: {peak} KiB, of two {least}");
    // One silent one after the other would take half an hour; a machine may be busy.
    assert!(took < Duration::from_secs(100), "{took:?}");
    if wanted.is_some() {
        let took = took.as_secs_f64();
        println!(
            "{count} BMCs asked, half of them silent, 256 open files, deadline {deadline}: {took:.2} s, \
             {} MiB at most, {each} bytes for each beyond the first two",
            peak / 1024
        );
        println!("ipmipower: {}", with_ipmipower(&format!("{there},{silent}"), port));
    }
}

/// What becomes of the same with FreeIPMI.
fn with_ipmipower(hosts: &str, port: &str) -> String {
    let Some(peer) = Peer::find("ipmipower") else { return "not there".to_owned() };
    // It takes one range to a name.
    let names = NodeSet::parse(hosts, &mut Nothing).unwrap();
    let hosts: Vec<_> = names.iter().map(|host| format!("{host}:{port}")).collect();
    if hosts.len() > usize::try_from(MANY).unwrap() {
        return "not asked for more than a thousand".to_owned();
    }
    let tool = peer.command();
    let mut command = Command::new("sh");
    command.args(["-c", "ulimit -n 256; exec \"$0\" \"$@\""]).arg(tool.get_program());
    command.args(["-D", "LAN_2_0", "-u", "admin", "-p", PASSWORD, "-I", "17", "-l", "USER"]);
    command.args(["--session-timeout=3000", "--stat", "-h", &hosts.join(",")]);
    let output = finish(&mut command);
    let states =
        output.stdout.lines().filter(|line| line.ends_with(": on") || line.ends_with(": off"));
    let said = output.stderr.lines().next().unwrap_or_default();
    format!(
        "{} states in {:.2} s, exit code {:?} {said}",
        states.count(),
        output.duration.as_secs_f64(),
        output.code()
    )
}

#[test]
fn freeipmi_sees_the_same_states() {
    let Some(peer) = Peer::find("ipmipower") else { return };
    let some = Some::start("127.80.0", 100);
    some.run("[1-100]", &["-x", "127.80.0.[1-99/3]", "power", "off"]).expect_success();
    let ours = some.run("[1-100]", &["-o", "jsonl", "power", "status"]);
    let ours: BTreeMap<_, _> = lines(ours.expect_success())
        .iter()
        .map(|object| (word(object, "host").to_owned(), word(object, "power").to_owned()))
        .collect();
    assert_eq!(ours.values().filter(|power| *power == "on").count(), 33);
    let mut command = peer.command();
    command.args([
        "-D",
        "LAN_2_0",
        "-h",
        &format!("127.80.0.[1-100]:{}", some.port),
        "-u",
        "admin",
    ]);
    command.args(["-p", PASSWORD, "-I", "17", "-l", "OPERATOR", "--stat"]);
    let output = finish(&mut command);
    let theirs: BTreeMap<_, _> = output
        .expect_success()
        .lines()
        .map(|line| line.rsplit_once(": ").unwrap())
        // Some versions name the port along with the host.
        .map(|(host, power)| (host.split(':').next().unwrap().to_owned(), power.to_owned()))
        .collect();
    assert_eq!(ours, theirs);
}

#[test]
fn what_is_said_alike_is_said_once_and_who_failed_has_a_row() {
    let some = Some::start("127.82.0", 6);
    some.run("2", &["power", "off"]).expect_success();
    let output = some.run("[1-8]", &["--deadline", "1", "power", "status"]);
    assert_eq!(output.code(), Some(6));
    let text = &output.stdout;
    let expected = "--- 5 BMCs: 127.82.0.[1,3-6] ---\nChassis power is on\n\n\
                    --- 127.82.0.2 ---\nChassis power is off\n\n\
                    --- failed: 2 BMCs: 127.82.0.[7-8] ---\n\
                    HOST        FAILED\n127.82.0.7  log in: no session: no answer to Open Session Request: ";
    assert!(text.starts_with(expected), "{text}");
    assert!(
        text.contains("\n127.82.0.8  log in: no session") && text.contains("\n  next:  "),
        "{text}"
    );
    assert_eq!(output.stderr, "error: 2 of 8 BMCs failed: 127.82.0.[7-8]\n");
    // Nobody looks: no line that tells how far it is.
    assert!(!output.stderr.contains('\r'));
}

#[test]
fn one_of_a_nodeset_is_one_as_ever() {
    let some = Some::start("127.83.0", 2);
    for form in ["table", "json", "jsonl", "csv"] {
        let plain = some.run("1", &["-o", form, "mc", "guid"]);
        for range in ["[1]", "[1-2]"] {
            let folded = some.run(range, &["-x", "127.83.0.2", "-o", form, "mc", "guid"]);
            let warned = range == "[1]";
            assert_eq!(folded.stdout, plain.stdout);
            assert_eq!(
                (folded.code(), folded.stderr.contains("not among those")),
                (Some(0), warned)
            );
        }
    }
    let silent = |range| some.run(range, &["--deadline", "0.3", "power", "status"]);
    let [plain, folded] = ["7", "[7]"].map(silent);
    assert_eq!((plain.code(), folded.code()), (Some(3), Some(3)));
    assert_eq!((plain.stdout, plain.stderr), (folded.stdout, folded.stderr));
}

#[test]
fn programs_get_all_in_one_form() {
    let some = Some::start("127.84.0", 3);
    let run = |form| some.run("[1-4]", &["--deadline", "1", "-o", form, "sel", "list"]);
    let json: Value = serde_json::from_str(&run("json").stdout).unwrap();
    crate::schemas::check(&json);
    assert_eq!((&json["bmcs"], &json["done"], &json["failed"]), (&4.into(), &3.into(), &1.into()));
    let results = json["results"].as_array().unwrap();
    let hosts: Vec<_> = results.iter().map(|object| word(object, "host")).collect();
    assert_eq!(hosts, ["127.84.0.1", "127.84.0.2", "127.84.0.3", "127.84.0.4"], "as named");
    results.iter().for_each(crate::schemas::check);
    assert_eq!(results[0]["events"].as_array().unwrap().len(), 7);
    assert_eq!(word(&results[0], "address"), format!("127.84.0.1:{}", some.port));
    assert!(results[3]["error"].is_object());

    let yaml: Value = serde_saphyr::from_str(&run("yaml").stdout).unwrap();
    assert_eq!(yaml["results"][0], results[0]);

    let objects = lines(&run("jsonl").stdout);
    let events = objects.iter().filter(|object| object["schema"] == "lantern.sel_event/1");
    let mut count = BTreeMap::new();
    events.for_each(|event| *count.entry(word(event, "host")).or_insert(0) += 1);
    assert_eq!(count, hosts[..3].iter().map(|host| (*host, 7)).collect());
    assert_eq!(objects.len(), 22);

    let csv = run("csv").stdout;
    let plain = some.run("1", &["-o", "csv", "sel", "list"]).stdout;
    let rows: Vec<_> = csv.split("\r\n").collect();
    assert_eq!(rows.len(), 1 + 21 + 1 + 1, "{csv}");
    for (row, plain) in rows.iter().zip(plain.split("\r\n")).take(8) {
        let host = if plain.starts_with("address,") { "host" } else { "127.84.0.1" };
        let why = if host == "host" { "error" } else { "" };
        assert_eq!(*row, format!("{host},{plain},{why}"));
    }
    let address = format!("127.84.0.4,127.84.0.4:{},", some.port);
    assert!(rows[22].starts_with(&address) && rows[22].contains("no answer"), "{}", rows[22]);
}

#[test]
fn the_exit_code_tells_all_some_and_none() {
    let some = Some::start("127.85.0", 2);
    let code = |range: &str, arguments: &[&str]| some.run(range, arguments).code();
    assert_eq!(code("[1-2]", &["mc", "info"]), Some(0));
    assert_eq!(code("[1-3]", &["--deadline", "0.5", "mc", "info"]), Some(6));
    assert_eq!(code("[3-4]", &["--deadline", "0.5", "mc", "info"]), Some(3));
    // Refused by all.
    assert_eq!(code("[1-2]", &["raw", "6", "0xff"]), Some(1));
    assert_eq!(code("[1-2]", &["sensor", "list", "--fail-on", "warning"]), Some(0));
    let one = ["sensor", "set", "CPU1 Temp", "--unc", "10", "--uc", "11", "--unr", "12", "--lnr"];
    some.run("1", &one[..9]).expect_success();
    assert_eq!(code("[1-2]", &["sensor", "list", "--fail-on", "critical"]), Some(5));
    // Nothing was sent.
    assert_eq!(code("[2-1]", &["mc", "info"]), Some(2));
    assert_eq!(code("[1-2]", &["-x", "127.85.0.[1-2]", "mc", "info"]), Some(2));
    // A name that cannot be one is a row of its own, and no reason to leave out the others.
    let name = "x".repeat(70);
    let range = format!("1,{name}");
    let output = some.run(&range, &["power", "status"]);
    assert_eq!(output.code(), Some(6));
    assert!(
        output.stdout.contains("--- 127.85.0.1 ---\nChassis power is on\n"),
        "{}",
        output.stdout
    );
    assert!(output.stdout.contains(&format!("\n{name}  this name leads to no address")));
    let wrong = finish(some.console("[1-2]", &["mc", "info"]).env("LANTERN_PASSWORD", "wrong"));
    assert_eq!(wrong.code(), Some(3));
    assert!(wrong.stderr.contains("2 of 2 BMCs failed: 127.85.0.[1-2]"), "{}", wrong.stderr);
}

#[test]
fn a_bmc_with_two_names_is_told_once_what_is_not_to_be_done_twice() {
    let bmc = Bmc::start();
    let port = bmc.address.port().to_string();
    let run = |hosts: &str, words: &[&str]| {
        let mut command = lantern();
        command.args(["-H", hosts, "-p", &port, "-U", "admin"]).args(words);
        finish(command.env("LANTERN_PASSWORD", PASSWORD))
    };
    let cycle = run("127.0.0.1,localhost", &["-o", "json", "power", "cycle"]);
    assert_eq!(cycle.code(), Some(6), "{cycle}");
    assert!(cycle.stdout.contains("is 127.0.0.1, too: nothing was sent twice"), "{cycle}");
    // Looking does no harm.
    assert_eq!(run("127.0.0.1,localhost", &["power", "status"]).code(), Some(0));
    // The same name with and without its port is one BMC.
    let same = run(&format!("127.0.0.1,127.0.0.1:{port}"), &["power", "status"]);
    assert!(same.stdout.starts_with("Chassis power is "), "{same}");
}

#[test]
fn what_is_confirmed_is_confirmed_once_for_all_before_anything_is_sent() {
    let some = Some::start("127.86.0", 4);
    let entries = |host: &str| -> Value {
        let output = some.run(host, &["-o", "json", "sel", "info"]);
        serde_json::from_str::<Value>(output.expect_success()).unwrap()["entries"].clone()
    };
    let output = some.run("[1-4]", &["sel", "clear"]);
    assert_eq!((output.code(), output.stdout.as_str()), (Some(2), ""));
    assert!(output.stderr.contains("add --yes"), "{}", output.stderr);

    let question =
        "The event logs of 3 BMCs (127.86.0.[1-2,4]) will be erased. Type 'yes' to go on: ";
    let clear = ["-x", "127.86.0.3", "sel", "clear"];
    let (code, said) = asked(some.console("[1-4]", &clear), "no\n");
    assert_eq!((code, said.matches(question).count()), (Some(1), 1), "{said}");
    assert_eq!(entries("1"), 7);
    let (code, said) = asked(some.console("[1-4]", &clear), "yes\n");
    assert_eq!((code, said.matches("Type 'yes'").count()), (Some(0), 1), "{said}");
    assert!(said.contains(question), "{said}");
    // A terminal is told how far it is.
    assert!(said.contains(" of 3 BMCs"), "{said}");
    assert_eq!([1, 2, 3, 4].map(|nth| entries(&nth.to_string())), [0, 0, 7, 0]);
}

#[test]
fn each_has_a_file_of_its_own() {
    let some = Some::start("127.87.0", 3);
    let directory = tempfile::tempdir().unwrap();
    let path = |name: &str| directory.path().join(name).display().to_string();
    let one = some.run("[1-3]", &["sel", "save", &path("log")]);
    assert_eq!(one.code(), Some(2));
    assert!(one.stderr.contains("{host}"), "{}", one.stderr);
    some.run("[1-3]", &["sel", "save", &path("log-{host}")]).expect_success();
    some.run("[1-3]", &["sdr", "dump", &path("{host}.sdr")]).expect_success();
    let mut names: Vec<_> = std::fs::read_dir(directory.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    names.sort();
    let of = |nth: u8| [format!("127.87.0.{nth}.sdr"), format!("log-127.87.0.{nth}")];
    let mut expected: Vec<_> = (1..=3).flat_map(of).map(std::ffi::OsString::from).collect();
    expected.sort();
    assert_eq!(names, expected);
    let standard = some.run("[1-3]", &["sel", "add", "--file", "-"]);
    assert_eq!(standard.code(), Some(2));
    assert!(standard.stderr.contains("can be read once"), "{}", standard.stderr);
}

#[test]
fn a_list_comes_from_a_file_or_from_standard_input() {
    let some = Some::start("127.88.0", 4);
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("hosts");
    std::fs::write(
        &file,
        "# the first rack\n127.88.0.[1-2]\n\n127.88.0.4 # the last one\n127.88.0.1\n",
    )
    .unwrap();
    let expected = "--- 3 BMCs: 127.88.0.[1-2,4] ---\nChassis power is on\n";
    let run = |hosts: &str| {
        let mut command = Command::new("sh");
        command.args(["-c", "file=$1; shift; exec \"$0\" \"$@\" <\"$file\""]);
        command.arg(env!("CARGO_BIN_EXE_lantern")).arg(&file);
        command.args(["-H", hosts, "-p", &some.port, "-U", "admin", "power", "status"]);
        finish(command.env("LANTERN_PASSWORD", PASSWORD))
    };
    assert_eq!(run(&format!("^{}", file.display())).expect_success(), expected);
    assert_eq!(run("-").expect_success(), expected);
    let missing = run("^/nonexistent/hosts");
    assert_eq!(missing.code(), Some(2));
    assert!(missing.stderr.contains("/nonexistent/hosts: "), "{}", missing.stderr);
    std::fs::write(&file, "127.88.0.1\nn[3-1]\n").unwrap();
    let wrong = run(&format!("^{}", file.display()));
    assert_eq!(wrong.code(), Some(2));
    assert!(wrong.stderr.contains("hosts, line 2: n[3-1]: column 3: "), "{}", wrong.stderr);
}

#[test]
fn who_stops_it_gets_what_is_known_and_what_is_not() {
    let some = Some::start("127.89.0", 2);
    // One at a time: the silent one holds up the last.
    let arguments = ["--deadline", "60", "--fanout", "1", "-o", "jsonl", "power", "status"];
    let mut command = some.console("1,127.89.0.9,127.89.0.2", &arguments);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    let mut first = String::new();
    stdout.read_line(&mut first).unwrap();
    assert_eq!(lines(&first)[0]["host"], "127.89.0.1", "what is known is told at once");
    signal_to(&child, "-INT");
    assert_eq!(wait(&mut child).code(), Some(130));
    let rest: Vec<_> = stdout.lines().map(Result::unwrap).collect();
    let rest = lines(&rest.join("\n"));
    let told: Vec<_> = rest
        .iter()
        .map(|object| (word(object, "host"), word(&object["error"], "message")))
        .collect();
    assert_eq!(
        told,
        [
            ("127.89.0.9", "interrupted: what was sent is not taken back"),
            ("127.89.0.2", "not reached: nothing was sent")
        ]
    );
    let mut stderr = String::new();
    std::io::Read::read_to_string(&mut child.stderr.take().unwrap(), &mut stderr).unwrap();
    assert!(stderr.contains("interrupted: 1 of 3 BMCs are known"), "{stderr}");
}

#[test]
fn what_goes_on_for_ever_goes_on_with_all_of_them() {
    let some = Some::start("127.90.0", 2);
    let follow =
        ["-o", "jsonl", "--deadline", "1", "--fanout", "1", "sel", "follow", "--interval", "0.1"];
    let mut command = some.console("[1-3]", &follow);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    let mut next = || {
        let mut line = String::new();
        stdout.read_line(&mut line).unwrap();
        lines(&line).remove(0)
    };
    // By then the others have long been looking on.
    let failed = next();
    assert_eq!(
        (&failed["schema"], &failed["host"]),
        (&"lantern.fleet_failure/1".into(), &"127.90.0.3".into())
    );
    for host in ["2", "1"] {
        let add =
            ["sel", "add", "--type", "fan", "--number", "1", "--event-type", "1", "--data", "2"];
        some.run(host, &add).expect_success();
        let event = next();
        assert_eq!(event["schema"], "lantern.sel_event/1");
        assert_eq!(event["host"], format!("127.90.0.{host}"));
    }
    signal_to(&child, "-INT");
    assert_eq!(wait(&mut child).code(), Some(0));
}

#[test]
fn the_records_of_many_are_kept_with_few_files_open() {
    let some = Some::start("127.92.0", 300);
    let cache = tempfile::tempdir().unwrap();
    let there = "127.92.0.[1-255],127.92.1.[0-44]";
    let run = || {
        let mut command = Command::new("sh");
        command.args(["-c", "ulimit -n 256; exec \"$0\" \"$@\"", env!("CARGO_BIN_EXE_lantern")]);
        command.args([
            "-H", there, "-p", &some.port, "-U", "admin", "-v", "sdr", "list", "--kind", "all",
        ]);
        command.env("LANTERN_PASSWORD", PASSWORD).env("XDG_CACHE_HOME", cache.path());
        let output = finish(&mut command);
        assert!(output.expect_success().starts_with(&format!("--- 300 BMCs: {there} ---\n")));
        assert!(!output.stderr.contains("WARN"), "{}", output.stderr);
        output
    };
    let cold = run();
    let mut command = lantern();
    command.args(["sdr", "cache", "show", "-o", "json"]).env("XDG_CACHE_HOME", cache.path());
    let kept: Value = serde_json::from_str(finish(&mut command).expect_success()).unwrap();
    // One set of records for all of them, which are alike.
    assert_eq!((&kept["bmcs"], &kept["sets"]), (&300.into(), &1.into()), "{kept:#}");
    assert_eq!(run().stdout, cold.stdout);
}

#[test]
fn starts_are_as_far_apart_as_asked_for() {
    let some = Some::start("127.91.0", 4);
    let begun = Instant::now();
    some.run("[1-4]", &["--stagger", "200ms", "power", "on"]).expect_success();
    assert!(begun.elapsed() >= Duration::from_millis(600), "{:?}", begun.elapsed());
}

#[test]
fn which_suite_each_took_is_told_once_for_all_and_remembered() {
    let config = example().replace("suites = [17, 3]", "suites = [3]");
    assert_ne!(config, example());
    let [one, other] = [(); 2].map(|()| Bmc::with(&config, &[]));
    let hosts = format!("{},{}", one.address, other.address);
    let cache = tempfile::tempdir().unwrap();
    let run = |form: &str| {
        let mut command = lantern();
        command.args(["-H", &hosts, "-U", "admin", "-o", form, "power", "status"]);
        command.env("XDG_CACHE_HOME", cache.path());
        finish(command.env("LANTERN_PASSWORD", PASSWORD))
    };
    let first = run("table");
    first.expect_success();
    assert_eq!(first.stderr.matches("was refused").count(), 1, "{}", first.stderr);
    for port in [one.address.port(), other.address.port()] {
        assert!(
            first.stderr.lines().next().unwrap().contains(&port.to_string()),
            "{}",
            first.stderr
        );
    }
    // Both were learned: nothing is refused any more.
    let again = run("json");
    again.expect_success();
    assert!(!again.stderr.contains("was refused ("), "{}", again.stderr);
    // That it is the lesser one is said of each.
    let notes = lines(&again.stderr);
    assert_eq!(notes.len(), 2, "{}", again.stderr);
    for note in &notes {
        assert!(word(note, "message").starts_with("cipher suite 3 is used"), "{}", again.stderr);
    }
    std::fs::remove_dir_all(cache.path()).unwrap();
    let notes = lines(&run("json").stderr);
    let mut about: Vec<_> = notes.iter().map(|note| word(note, "host").to_owned()).collect();
    about.sort();
    let mut expected = [one.address.to_string(), other.address.to_string()];
    expected.sort();
    assert_eq!(about, expected);
}
