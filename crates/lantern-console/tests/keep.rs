//! Consoles that a test plays, kept and shared over a real socket.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests; helpers outside of test functions fail them by panicking"
)]

use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use lantern_console::{
    Attach, Attached, Client, ClientError, Dial, Heard, Hope, Keeper, Limits, Line, Logs, Refusal,
    Row, State, Told, listen, serve,
};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio::time::timeout;

/// What was sent to the machine.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Sent {
    Characters(Vec<u8>),
    Break,
    HungUp,
}

/// One console of a machine, as the test has it.
struct Machine {
    says: mpsc::Sender<Heard>,
    hears: mpsc::UnboundedReceiver<Sent>,
}

struct FakeLine {
    /// The machine takes nothing that is typed.
    is_deaf: bool,
    says: mpsc::Receiver<Heard>,
    hears: mpsc::UnboundedSender<Sent>,
}

/// Gives out what the test has laid in, and refuses when there is nothing.
#[derive(Default)]
struct Fake(Mutex<Vec<FakeLine>>);

impl Fake {
    fn lay_in(&self) -> Machine {
        self.lay_in_one(false)
    }

    fn lay_in_one(&self, is_deaf: bool) -> Machine {
        let (says, heard) = mpsc::channel(8);
        let (sent, hears) = mpsc::unbounded_channel();
        self.0.lock().unwrap().insert(0, FakeLine { is_deaf, says: heard, hears: sent });
        Machine { says, hears }
    }
}

/// The way to a [`Fake`], for there may be a new one.
struct Way(Arc<Fake>);

impl Dial for Way {
    type Line = FakeLine;

    async fn dial(&self, _: Option<u32>) -> Result<FakeLine, Refusal> {
        let line = self.0.0.lock().unwrap().pop();
        line.ok_or_else(|| Refusal { why: "nobody answers".to_owned(), hope: Hope::Soon })
    }
}

impl Line for FakeLine {
    async fn next(&mut self) -> Heard {
        let lost = Refusal { why: "it is silent".to_owned(), hope: Hope::Soon };
        self.says.recv().await.unwrap_or(Heard::Ended(lost))
    }

    fn write(&self, characters: Vec<u8>) -> impl Future<Output = ()> + Send + 'static {
        let _ = self.hears.send(Sent::Characters(characters));
        let is_deaf = self.is_deaf;
        async move {
            if is_deaf {
                std::future::pending().await
            }
        }
    }

    fn send_break(&self) {
        let _ = self.hears.send(Sent::Break);
    }

    fn token(&self) -> Option<u32> {
        None
    }

    async fn hang_up(self) {
        let _ = self.hears.send(Sent::HungUp);
    }
}

/// A server with these consoles.
struct Server {
    directory: tempfile::TempDir,
    keeper: Arc<Keeper<Way>>,
    stop: Option<oneshot::Sender<()>>,
    task: JoinHandle<()>,
}

impl Server {
    fn start(consoles: &[(&str, &Arc<Fake>)]) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let (listener, bound) = listen(&directory.path().join("run/s")).unwrap();
        let listener = tokio::net::UnixListener::from_std(listener).unwrap();
        let logs = Logs { directory: directory.path().to_owned(), limits: Limits::default() };
        let keeper = Arc::new(Keeper::new(logs));
        let serving = Arc::clone(&keeper);
        let (stop, stopped) = oneshot::channel::<()>();
        let task = tokio::spawn(async move {
            let ending = async {
                let _ = stopped.await;
                serving.stop().await;
            };
            serve(listener, Arc::clone(&serving), ending).await;
            drop(bound);
        });
        let server = Self { directory, keeper, stop: Some(stop), task };
        server.keep(consoles);
        server
    }

    fn keep(&self, consoles: &[(&str, &Arc<Fake>)]) {
        let way = |(name, fake): &(&str, &Arc<Fake>)| {
            ((*name).to_owned(), "the same".to_owned(), Way(Arc::clone(fake)))
        };
        self.keeper.keep(consoles.iter().map(way).collect()).unwrap();
    }

    fn socket(&self) -> PathBuf {
        self.directory.path().join("run/s")
    }

    async fn attach(&self, who: &str, read_only: bool, steal: bool) -> Attached {
        let (console, who) = ("n1".to_owned(), who.to_owned());
        let client = Client::connect(&self.socket()).await.unwrap();
        client.attach(Attach { console, read_only, steal, who }).await.unwrap()
    }

    async fn rows(&self) -> Vec<Row> {
        Client::connect(&self.socket()).await.unwrap().list().await.unwrap()
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.directory.path().join("n1.log")).unwrap()
    }

    async fn stop(&mut self) {
        let _ = self.stop.take().unwrap().send(());
        (&mut self.task).await.unwrap();
    }
}

const LIMIT: Duration = Duration::from_secs(30);

/// All that is told until this is; notes in brackets.
async fn until(attached: &mut Attached, text: &str) -> String {
    let mut all = String::new();
    let reading = async {
        while !all.contains(text) {
            match attached.listener.next().await {
                Told::Characters(bytes) => all.push_str(&String::from_utf8_lossy(&bytes)),
                Told::Note(note) => all.push_str(&format!("[{note}]")),
                Told::Ended(why) => {
                    all.push_str(&format!("<{why}>"));
                    break;
                }
            }
        }
    };
    let in_time = timeout(LIMIT, reading).await.is_ok();
    assert!(in_time && all.contains(text), "no {text:?} in {all:?}");
    all
}

fn says(text: &str) -> Heard {
    Heard::Characters(text.as_bytes().to_vec())
}

#[tokio::test]
async fn what_is_shown_is_shared_and_what_is_typed_arrives() {
    let fake = Arc::new(Fake::default());
    let mut machine = fake.lay_in();
    let mut server = Server::start(&[("n1", &fake)]);
    machine.says.send(says("login: ")).await.unwrap();
    let mut ann = server.attach("ann", false, false).await;
    until(&mut ann, "login: ").await;
    let mut bob = server.attach("bob", false, false).await;
    assert!(ann.writes && !bob.writes);
    assert!(bob.writer.as_deref().unwrap().starts_with("ann ("));
    until(&mut bob, "login: ").await;
    until(&mut ann, "is here and reads along").await;
    ann.typist.write(b"root\r").await.unwrap();
    ann.typist.send_break().await.unwrap();
    assert_eq!(machine.hears.recv().await, Some(Sent::Characters(b"root\r".to_vec())));
    assert_eq!(machine.hears.recv().await, Some(Sent::Break));
    bob.typist.write(b"x").await.unwrap();
    until(&mut bob, "writes; --steal takes the pen").await;
    let rows = server.rows().await;
    let row = &rows[0];
    assert_eq!((row.name.as_str(), row.state, row.attached.len()), ("n1", State::Open, 2));
    server.stop().await;
    assert_eq!(machine.hears.recv().await, Some(Sent::HungUp));
    until(&mut ann, "<the console server stops>").await;
    assert!(!server.socket().exists());
    let log = server.log();
    for mark in ["[the console is open]", "[the console is given back]"] {
        assert!(log.contains(mark), "{log}");
    }
}

#[tokio::test]
async fn a_console_that_is_lost_comes_back_and_all_are_told() {
    let fake = Arc::new(Fake::default());
    let machine = fake.lay_in();
    let server = Server::start(&[("n1", &fake)]);
    let mut ann = server.attach("ann", false, false).await;
    until(&mut ann, "the console is open").await;
    drop(machine);
    until(&mut ann, "it is silent: trying to get the console").await;
    ann.typist.write(b"lost").await.unwrap();
    until(&mut ann, "what is typed is dropped").await;
    assert_eq!(server.rows().await[0].state, State::Away);
    let mut machine = fake.lay_in();
    until(&mut ann, "the console is back after").await;
    machine.says.send(says("again")).await.unwrap();
    until(&mut ann, "again").await;
    ann.typist.write(b"now").await.unwrap();
    assert_eq!(machine.hears.recv().await, Some(Sent::Characters(b"now".to_vec())));
}

#[tokio::test]
async fn who_does_not_read_holds_nobody_up_and_is_told_what_he_missed() {
    let fake = Arc::new(Fake::default());
    let machine = fake.lay_in();
    let server = Server::start(&[("n1", &fake)]);
    let mut slow = server.attach("slow", true, false).await;
    let mut quick = server.attach("quick", true, false).await;
    until(&mut quick, "the console is open").await;
    let line = "0123456789ABCDEF".repeat(1024);
    for _ in 0..64 {
        machine.says.send(says(&line)).await.unwrap();
        until(&mut quick, "F").await;
    }
    machine.says.send(says("the end")).await.unwrap();
    until(&mut quick, "the end").await;
    let all = until(&mut slow, "the end").await;
    // It may be more than once.
    let notes = all.split(" bytes are skipped here").collect::<Vec<_>>();
    let (_, notes) = notes.split_last().unwrap();
    let count = |note: &&str| note.rsplit('[').next().unwrap().parse::<usize>().unwrap();
    let skipped: usize = notes.iter().map(count).sum();
    let is_shown = |c: &char| c.is_ascii_digit() || ('A'..='F').contains(c);
    // The notes have digits, too.
    let shown = all.chars().filter(is_shown).count();
    assert!(skipped > 100_000 && shown + skipped >= 64 * line.len(), "{skipped} {shown}");
    assert_eq!(server.log().matches("0123456789ABCDEF").count(), 64 * 1024);
}

#[tokio::test]
async fn a_file_that_is_read_again_changes_what_has_changed() {
    let (first, second) = (Arc::new(Fake::default()), Arc::new(Fake::default()));
    let mut machine = first.lay_in();
    let mut other = second.lay_in();
    let server = Server::start(&[("n1", &first), ("n2", &second)]);
    let mut ann = server.attach("ann", false, false).await;
    until(&mut ann, "the console is open").await;
    // One that was given up before it was open would have nothing to hang up.
    while server.rows().await.iter().any(|row| row.state != State::Open) {
        tokio::task::yield_now().await;
    }
    // The same console by another way: it stays, until it has to be got again.
    let new = Arc::new(Fake::default());
    let machine_then = new.lay_in();
    server.keep(&[("n1", &new)]);
    assert_eq!(other.hears.recv().await, Some(Sent::HungUp));
    machine.says.send(says("still here")).await.unwrap();
    until(&mut ann, "still here").await;
    drop(machine.says);
    assert_eq!(machine.hears.recv().await, Some(Sent::HungUp));
    until(&mut ann, "the console is back").await;
    assert_eq!(server.rows().await.len(), 1);
    let path = server.directory.path();
    std::fs::rename(path.join("n1.log"), path.join("n1.log-1")).unwrap();
    server.keeper.reopen_logs();
    drop(machine_then);
    until(&mut ann, "it is silent").await;
    assert!(server.log().contains("it is silent") && !server.log().contains("still here"));
}

#[tokio::test]
async fn one_by_a_new_name_is_got_once_it_is_given_back_by_the_old_one() {
    let fake = Arc::new(Fake::default());
    let mut machine = fake.lay_in();
    let server = Server::start(&[("n0", &fake)]);
    while server.rows().await[0].state != State::Open {
        tokio::task::yield_now().await;
    }
    // There is another line only once the first one is hung up: a refusal would be told.
    let again = Arc::clone(&fake);
    let hung_up = tokio::spawn(async move {
        assert_eq!(machine.hears.recv().await, Some(Sent::HungUp));
        again.lay_in()
    });
    server.keep(&[("n1", &fake)]);
    let mut ann = server.attach("ann", false, false).await;
    let told = until(&mut ann, "the console is open").await;
    assert!(!told.contains("nobody answers"), "{told}");
    drop(hung_up.await.unwrap());
}

#[tokio::test]
async fn who_leaves_is_missed_though_the_machine_takes_nothing() {
    let fake = Arc::new(Fake::default());
    let machine = fake.lay_in_one(true);
    let server = Server::start(&[("n1", &fake)]);
    let mut ann = server.attach("ann", false, false).await;
    until(&mut ann, "the console is open").await;
    let mut bob = server.attach("bob", false, false).await;
    for _ in 0..20 {
        ann.typist.write(b"into the void\r").await.unwrap();
    }
    machine.says.send(says("silence")).await.unwrap();
    until(&mut bob, "silence").await;
    drop(ann);
    let told = until(&mut bob, "now bob").await;
    assert!(told.contains("is gone; now bob"), "{told}");
}

#[tokio::test]
async fn what_is_not_there_is_said() {
    let mut server = Server::start(&[]);
    let client = Client::connect(&server.socket()).await.unwrap();
    let (console, who) = ("n9".to_owned(), String::new());
    let refused = client.attach(Attach { console, read_only: false, steal: false, who }).await;
    let says = "no console is called 'n9'";
    assert!(matches!(refused, Err(ClientError::Refused(why)) if why == says));
    assert_eq!(server.rows().await, []);
    server.stop().await;
    assert!(matches!(Client::connect(&server.socket()).await, Err(ClientError::Io(_))));
}
