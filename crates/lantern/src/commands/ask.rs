//! Asking before something is gone for good.

use std::io::{self, IsTerminal, Write};

use crate::codes::Code;
use crate::error::{Error, Exit};
use crate::view::plain::plain_lines;

/// Whether somebody can be asked, or need not be; an error before anything is sent.
pub(crate) fn possible(yes: bool) -> Result<(), Error> {
    if yes || (io::stdin().is_terminal() && io::stderr().is_terminal()) {
        return Ok(());
    }
    Err(Error::usage("this has to be confirmed")
        .cause("nobody can be asked: this is not a terminal")
        .next("add --yes"))
}

/// Asks, unless `yes` was said already. The session is kept alive meanwhile.
pub(crate) async fn confirm(yes: bool, question: String) -> Result<(), Error> {
    if yes {
        return Ok(());
    }
    let ask = move || -> io::Result<bool> {
        let mut stderr = io::stderr();
        // It may have words of the BMC's in it.
        write!(stderr, "{} Type 'yes' to go on: ", plain_lines(&question))?;
        stderr.flush()?;
        let mut answer = String::new();
        io::stdin().read_line(&mut answer)?;
        Ok(matches!(answer.trim(), "yes" | "y" | "YES" | "Yes"))
    };
    let answer = tokio::task::spawn_blocking(ask).await.map_err(io::Error::other);
    match answer.and_then(|answer| answer) {
        Ok(true) => Ok(()),
        Ok(false) => {
            Err(Error::told(Exit::Failed, "not confirmed, nothing was done")
                .code(Code::NOT_CONFIRMED))
        }
        Err(error) => Err(Error::told(Exit::Failed, format!("nobody can be asked: {error}"))),
    }
}
