//! The LAN of a BMC that does not do as it is told, or goes away while it is told.

use std::net::{SocketAddr, UdpSocket};

use lantern_testkit::tap::{Direction, Tap, Verdict};
use serde_json::{Value, json};

use crate::support::{Bmc, PASSWORD, example};

/// A BMC that does these.
fn with_faults(faults: &str) -> Bmc {
    Bmc::with(&example().replace("[bmc]\n", &format!("[bmc]\nfaults = [{faults}]\n")), &[])
}

/// Runs a command that ends like this; what it says.
fn outcome(bmc: &Bmc, words: &[&str], code: i32) -> Value {
    let words: Vec<_> = words.iter().chain(&["-o", "json"]).copied().collect();
    let output = bmc.run(&words);
    assert_eq!(output.code(), Some(code), "{output}");
    let object = serde_json::from_str(&output.stdout).unwrap();
    crate::schemas::check(&object);
    object
}

#[test]
fn a_bmc_that_ignores_what_it_acknowledges_is_named_with_what_it_kept() {
    let bmc = with_faults("\"macignored\"");
    let words = ["lan", "set", "--mac", "02:00:00:00:00:55", "--ip-ttl", "9", "--yes"];
    let set = outcome(&bmc, &words, 1);
    assert_eq!(set["changes"][0]["outcome"], "not_kept", "{set:#}");
    assert_eq!(set["changes"][0]["now"], "02:00:00:00:00:01");
    assert_eq!(set["changes"][1]["outcome"], "changed");
    let text = bmc.run(&words);
    assert!(text.stdout.contains("the BMC took 02:00:00:00:00:55, and did not keep it"), "{text}");
}

#[test]
fn a_bmc_that_loses_fast_settings_is_given_the_time() {
    let bmc = with_faults("\"slowcommit\"");
    let words = ["lan", "set", "--ip-ttl", "9", "--vlan-priority", "3", "--snmp-community", "x"];
    let set = outcome(&bmc, &words, 0);
    let changes = set["changes"].as_array().unwrap();
    assert!(changes.iter().all(|change| change["outcome"] == "changed"), "{set:#}");
    let show = bmc.json(&["lan", "show"]);
    assert_eq!((&show["vlan_priority"], &show["snmp_community"]), (&json!(3), &json!("x")));
    assert_eq!(show["set_in_progress"], "complete");
}

#[test]
fn a_gateway_that_goes_with_a_new_mask_is_put_back() {
    let bmc = with_faults("\"maskclearsgateway\"");
    outcome(&bmc, &["lan", "set", "--gateway", "127.0.0.9", "--yes"], 0);
    let set = outcome(&bmc, &["lan", "set", "--netmask", "/16", "--yes"], 0);
    assert_eq!(set["changes"][0]["outcome"], "changed");
    assert_eq!(set["restored"][0]["setting"], "gateway");
    assert_eq!(set["restored"][0]["outcome"], "changed");
    let show = bmc.json(&["lan", "show"]);
    assert_eq!((&show["gateway"], &show["prefix_length"]), (&json!("127.0.0.9"), &json!(16)));
    let words = ["lan", "set", "--netmask", "/8", "--gateway", "127.0.0.7", "--yes"];
    let set = outcome(&bmc, &words, 0);
    assert_eq!(set["restored"], json!([]));
    assert_eq!(bmc.json(&["lan", "show"])["gateway"], "127.0.0.7");
}

#[test]
fn a_busy_bmc_is_asked_again() {
    let bmc = with_faults("\"busy=2\"");
    let set = outcome(&bmc, &["lan", "set", "--ip-ttl", "9", "--vlan-priority", "3"], 0);
    assert!(
        set["changes"].as_array().unwrap().iter().all(|of| of["outcome"] == "changed"),
        "{set:#}"
    );
    assert_eq!(bmc.json(&["lan", "show", "--all"])["ip_header"]["ttl"], 9);
}

#[test]
fn answers_that_are_too_short_are_told_each_and_fail_nothing() {
    let bmc = with_faults("\"shortanswer=1\"");
    let show = bmc.json(&["lan", "show", "1"]);
    assert_eq!(show["ip_address"], Value::Null);
    let absent = show["absent"].as_array().unwrap();
    let address = absent.iter().find(|absent| absent["field"] == "ip_address").unwrap();
    assert!(address["reason"].as_str().unwrap().contains("malformed"), "{address}");
}

#[test]
fn what_is_refused_takes_everything_back() {
    let bmc = with_faults("\"readonlycode\"");
    let before = bmc.json(&["lan", "show"]);
    // Nobody may write to a parameter that is refused here: a group address.
    let words = [
        "lan",
        "set",
        "--vlan-priority",
        "5",
        "--mac",
        "01:00:5e:00:00:01",
        "--ip-ttl",
        "9",
        "--yes",
    ];
    let set = outcome(&bmc, &words, 1);
    let outcomes: Vec<_> =
        set["changes"].as_array().unwrap().iter().map(|c| &c["outcome"]).collect();
    assert_eq!(outcomes, ["refused", "not_tried", "taken_back"], "{set:#}");
    assert_eq!(set["changes"][0]["completion_code"], 0xc9);
    let now = bmc.json(&["lan", "show"]);
    assert_eq!(now, before);
    assert_eq!(now["set_in_progress"], "complete");
}

#[test]
fn nothing_is_set_while_another_console_sets() {
    let bmc = Bmc::start();
    // `shell` of ipmitool would hold a lock; here it is our own client's.
    let (endpoint, runtime) = holder(&bmc);
    let refused = bmc.run(&["lan", "set", "--ip-ttl", "9"]);
    assert_eq!(refused.code(), Some(1), "{refused}");
    assert!(
        refused.stderr.contains("(81h)") && refused.stderr.contains("--ignore-lock"),
        "{refused}"
    );
    assert_eq!(bmc.json(&["lan", "show"])["ip_header"]["ttl"], 64);
    let set = bmc.json(&["lan", "set", "--ip-ttl", "9", "--ignore-lock"]);
    assert_eq!(
        (&set["changes"][0]["outcome"], &set["claimed"]),
        (&json!("changed"), &json!(false))
    );
    runtime.block_on(endpoint.shutdown());
}

/// A session that has setting under way.
fn holder(bmc: &Bmc) -> (ipmi_client::Endpoint, tokio::runtime::Runtime) {
    use ipmi_wire::cmd::chassis::SetInProgress;
    use ipmi_wire::cmd::transport::{LanParameter, SetLanConfigurationParameters};
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let endpoint = runtime.block_on(async {
        let endpoint = ipmi_client::Endpoint::bind().unwrap();
        let credentials = ipmi_client::Credentials::new(b"admin", PASSWORD.as_bytes()).unwrap();
        let client = ipmi_client::Bmc::new(&endpoint, bmc.address, credentials);
        let parameter = LanParameter::SetInProgress(SetInProgress::InProgress);
        let channel = ipmi_wire::Channel::new(1);
        client.send(&SetLanConfigurationParameters { channel, parameter }).await.unwrap();
        // The session stays as long as its endpoint.
        std::mem::forget(client);
        endpoint
    });
    (endpoint, runtime)
}

#[test]
fn what_may_cut_us_off_asks_first_and_a_dry_run_does_nothing() {
    let bmc = Bmc::start();
    for words in [["--vlan", "5"], ["--address", "127.0.0.77"], ["--source", "dhcp"]] {
        let asked = bmc.run(&[&["lan", "set"], &words[..]].concat());
        assert_eq!((asked.code(), asked.stdout.as_str()), (Some(2), ""), "{asked}");
        assert!(asked.stderr.contains("--yes"), "{asked}");
        let dry = bmc.json(&[&["lan", "set", "--dry-run"], &words[..]].concat());
        assert_eq!(dry["changes"][0]["outcome"], "would_change");
    }
    assert_eq!(bmc.json(&["lan", "show"])["vlan"]["enabled"], false);
    // Suite 3 is not what this session is in; where it is, nobody would get in again.
    bmc.text(&["lan", "set", "--cipher-privilege", "3=off"]);
    bmc.text(&["lan", "set", "--cipher-privilege", "3=administrator"]);
    let out = bmc.run(&["-C", "3", "lan", "set", "--cipher-privilege", "3=user"]);
    assert_eq!(out.code(), Some(2), "{out}");
    for wrong in [
        &["--source", "dhcp", "--address", "127.0.0.1"][..],
        &["--cipher-privilege", "3=user,3=off"],
        &["--cipher-privilege", "17=user"],
        &["--netmask", "255.0.255.0"],
        &["--vlan", "4095"],
        &["--snmp-community", "nineteen characters"],
        &[],
    ] {
        let output = bmc.run(&[&["lan", "set"], wrong].concat());
        assert_eq!(output.code(), Some(2), "{wrong:?}: {output}");
    }
}

/// A free port at two addresses of loopback.
fn two_addresses() -> [SocketAddr; 2] {
    loop {
        let first = UdpSocket::bind("127.0.0.1:0").unwrap();
        let port = first.local_addr().unwrap().port();
        let second: SocketAddr = format!("127.0.0.2:{port}").parse().unwrap();
        if UdpSocket::bind(second).is_ok() {
            return [first.local_addr().unwrap(), second];
        }
    }
}

/// The BMC of the examples at two addresses: it is at the second one after it was told so, and at the
/// first one, too.
fn moving() -> (Bmc, [SocketAddr; 2]) {
    let addresses = two_addresses();
    let text = example()
        .replace("\"127.0.0.1:0\"", &format!("\"{}\", \"{}\"", addresses[0], addresses[1]));
    assert_ne!(text, example());
    (Bmc::with(&text, &[]), addresses)
}

#[test]
fn a_new_address_is_tried_and_told() {
    let (bmc, [old, new]) = moving();
    let host = old.to_string();
    let words = ["lan", "set", "--address", "127.0.0.2", "--yes", "-H", &host];
    let set = bmc.json(&words);
    assert_eq!(set["changes"][0]["outcome"], "changed");
    assert_eq!(
        (&set["reach"]["bmc"], &set["reach"]["answered"]),
        (&json!(new.to_string()), &json!(true))
    );
    // Where nobody is, it did not answer.
    let words = ["lan", "set", "--address", "127.0.0.3", "--yes", "--deadline", "0.5", "-H", &host];
    let set = outcome(&bmc, &words, 0);
    assert_eq!(
        (&set["changes"][0]["outcome"], &set["reach"]["answered"]),
        (&json!("changed"), &json!(false))
    );
}

/// A link at the first address that dies with the write of an address; the BMC is at the second one
/// only.
fn dying_link(bmc: SocketAddr, at: u8) -> (Tap, Tap2) {
    let mut dead = false;
    let mut seen = 0;
    let tap = Tap::with_hook(bmc, move |direction, _| {
        // Encrypted as it is, the write can be told by its place: log in, channel, what is there,
        // claim, write.
        if direction == Direction::ToBmc {
            seen += 1;
        }
        if seen == at && direction == Direction::ToConsole {
            dead = true;
        }
        if dead { Verdict::Drop } else { Verdict::Pass }
    });
    let second = Tap2::start(format!("127.0.0.2:{}", tap.addr().port()).parse().unwrap(), bmc);
    (tap, second)
}

/// A relay at an address of one's choice.
struct Tap2 {
    over: std::sync::Arc<std::sync::atomic::AtomicBool>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl Tap2 {
    fn start(at: SocketAddr, bmc: SocketAddr) -> Self {
        let over = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
        let (front, back) = (UdpSocket::bind(at).unwrap(), UdpSocket::bind("127.0.0.1:0").unwrap());
        let wait = Some(std::time::Duration::from_millis(5));
        front.set_read_timeout(wait).unwrap();
        back.set_read_timeout(wait).unwrap();
        let is_over = std::sync::Arc::clone(&over);
        let thread = std::thread::spawn(move || {
            let (mut buffer, mut console) = ([0; 2048], None);
            while !is_over.load(std::sync::atomic::Ordering::Relaxed) {
                if let Ok((length, from)) = front.recv_from(&mut buffer) {
                    console = Some(from);
                    let _ = back.send_to(&buffer[..length], bmc);
                }
                while let Ok((length, _)) = back.recv_from(&mut buffer) {
                    let _ = front.send_to(&buffer[..length], console.unwrap());
                }
            }
        });
        Self { over, thread: Some(thread) }
    }
}

impl Drop for Tap2 {
    fn drop(&mut self) {
        self.over.store(true, std::sync::atomic::Ordering::Relaxed);
        let _ = self.thread.take().map(std::thread::JoinHandle::join);
    }
}

/// The link dies a datagram later each time: while it is claimed, written, committed, completed or
/// read back, the BMC is where it should be, and what was to be set is set and proven; or it is
/// unknown, or nothing was set.
#[test]
fn a_lost_answer_is_proven_at_the_new_address() {
    let mut proven = 0;
    // Log in (4), channel, address, source: the claim is the eighth.
    for at in 8..=15 {
        let bmc = Bmc::start();
        let (tap, _second) = dying_link(bmc.address, at);
        let host = tap.addr().to_string();
        let words = ["lan", "set", "--address", "127.0.0.2", "--yes", "--deadline", "1"];
        let words = [&words[..], &["-o", "json", "-H", &host]].concat();
        let output = bmc.run(&words);
        let now = bmc.json(&["lan", "show", "1"])["ip_address"].clone();
        match output.code() {
            Some(0) => {
                let set: Value = serde_json::from_str(&output.stdout).unwrap();
                assert_eq!(set["changes"][0]["outcome"], "changed", "{output}");
                assert_eq!(set["reach"]["answered"], true, "{output}");
                assert_eq!(now, "127.0.0.2");
                proven += 1;
            }
            // It was not even claimed; a busy machine that asked twice makes it later than the eighth.
            Some(3) => assert_eq!(now, "127.0.0.1", "{output}"),
            _ => panic!("{at}: {output}"),
        }
    }
    assert!(proven >= 4, "{proven}");
}

#[test]
fn a_bmc_that_nobody_finds_any_more_is_unknown() {
    // The write is the ninth datagram, or later if the machine is busy.
    let unknown = (9..=15).find_map(|at| {
        let bmc = Bmc::start();
        let (tap, second) = dying_link(bmc.address, at);
        drop(second);
        let host = tap.addr().to_string();
        let words = ["lan", "set", "--address", "127.0.0.2", "--yes", "--deadline", "0.5"];
        let output = bmc.run(&[&words[..], &["-o", "json", "-H", &host]].concat());
        (output.code() == Some(4)).then(|| serde_json::from_str::<Value>(&output.stdout).unwrap())
    });
    let set = unknown.expect("a write whose answer was lost");
    crate::schemas::check(&set);
    assert_eq!(set["changes"][0]["outcome"], "unknown", "{set:#}");
    assert_eq!(set["reach"]["answered"], false);
}
