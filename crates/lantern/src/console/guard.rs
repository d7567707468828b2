//! This program once more, as the guardian of the terminal that it has made raw: what `kill -9` leaves
//! behind is a terminal on which nobody sees what he types.

use std::io;
use std::os::unix::process::CommandExt;
use std::process::{Command, ExitCode};

use ipmi_io::{Guardian, keep_guard};

/// The first word, and the only one. It is for nobody to type.
const WORD: &str = "--guard-terminal";

/// Starts a guardian; `None` if there is no terminal to guard.
pub(crate) fn start() -> io::Result<Option<Guardian>> {
    // This very file, though another may have its name by now.
    let own = std::path::Path::new("/proc/self/exe");
    let program = if own.exists() { own.to_owned() } else { std::env::current_exe()? };
    Guardian::start(Command::new(program).arg0("lantern").arg(WORD))
}

/// Keeps guard if that is what was called.
pub(crate) fn if_called() -> Option<ExitCode> {
    let mut words = std::env::args_os().skip(1);
    let is_called = words.next().is_some_and(|word| word == WORD) && words.next().is_none();
    is_called.then(|| match keep_guard() {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    })
}

#[cfg(test)]
mod tests {
    use std::process::Command;
    use std::time::Duration;

    use lantern_testkit::terminal::Terminal;

    const PATIENCE: Duration = Duration::from_secs(20);
    /// The test below, as what is called by its name.
    const DIES: &str = "console::guard::tests::somebody_panics_on_a_raw_terminal";

    #[test]
    fn a_panic_brings_the_terminal_back_and_can_be_read() {
        // The session's leader takes the terminal's settings with it.
        let script = "\"$0\" --exact --ignored --nocapture \"$1\"; echo \"[ended]\"; read end";
        let mut command = Command::new("/bin/sh");
        command.args(["-c", script]).arg(std::env::current_exe().unwrap()).arg(DIES);
        let mut terminal = Terminal::start(command);
        let before = terminal.settings();
        terminal.wait_for("it is raw now", PATIENCE);
        assert_ne!(terminal.settings(), before);
        terminal.send("x");
        // On a raw terminal this would begin behind the end of the line before.
        terminal.wait_for("thread 'somebody_else' ", PATIENCE);
        terminal.wait_for("of no use here\r\n", PATIENCE);
        terminal.wait_for("[ended]", PATIENCE);
        assert_eq!(terminal.settings(), before);
    }

    #[test]
    #[ignore = "for the test above to be run on a terminal"]
    fn somebody_panics_on_a_raw_terminal() {
        use std::io::Read;
        ipmi_io::restore_terminal_on_panic();
        let raw = ipmi_io::RawTerminal::enter().unwrap().unwrap();
        // Nothing but the hook is to bring it back.
        std::mem::forget(raw);
        println!("it is raw now");
        std::io::stdin().read_exact(&mut [0]).unwrap();
        let somebody = std::thread::Builder::new().name("somebody_else".to_owned());
        let ended = somebody.spawn(|| panic!("of no use here")).unwrap().join();
        assert!(ended.is_err());
    }
}
