//! `exec`, and what it has in common with `shell`: lines that are commands.

use std::path::Path;

use clap::Parser;
use clap::error::ErrorKind;
use ipmi_client::Location;
use ipmi_wire::Privilege;

use super::{Context, Outcome, file, is_endless, many, needs};
use crate::cli::{Cli, Command, Exec, Format, Line, Numbered};
use crate::error::{Error, Exit};
use crate::output;
use crate::view::{Ended, Origin, Show, Transcript};

/// Why a line is no command.
#[derive(Debug)]
pub(super) enum NoCommand {
    /// There is nothing on it.
    Empty,
    /// Help was asked for: this is it.
    Help(clap::Error),
    Wrong(Error),
}

/// What a line says.
pub(super) fn parse(text: &str) -> Result<Line, NoCommand> {
    let wrong = |error: Error| Err(NoCommand::Wrong(error));
    // It takes a comment for one that reaches to the end of the line, as shells do.
    let Some(words) = shlex::split(text) else {
        return wrong(Error::usage("a quotation mark has no counterpart"));
    };
    if words.is_empty() {
        return Err(NoCommand::Empty);
    }
    let line = match Line::try_parse_from(&words) {
        Ok(line) => line,
        Err(error) if error.kind() == ErrorKind::DisplayHelp => return Err(NoCommand::Help(error)),
        Err(error) => {
            // Words that the whole command line takes, and a line does not, are about the session.
            let whole = std::iter::once("lantern").chain(words.iter().map(String::as_str));
            if error.kind() == ErrorKind::UnknownArgument && Cli::try_parse_from(whole).is_ok() {
                return wrong(
                    Error::usage("a line has no options about the connection of its own")
                        .cause("all lines are run in one session")
                        .next("say them once: lantern -H HOST -U USER ... exec FILE"),
                );
            }
            return wrong(Error::usage(first_line(&error)));
        }
    };
    match line.command {
        Command::Bmc(_)
        | Command::Sim(_)
        | Command::Demo(_)
        | Command::Ipmitool(_)
        | Command::Config(_)
        | Command::Completions(_)
        | Command::Docs(_) => wrong(Error::usage("this command does not talk to a BMC")),
        Command::Exec(_) | Command::Shell(_) => {
            wrong(Error::usage("lines cannot read lines from elsewhere"))
        }
        _ => Ok(line),
    }
}

/// What clap says, without its own headings and hints about usage.
fn first_line(error: &clap::Error) -> String {
    let text = error.render().to_string();
    let line = text.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
    match (error.kind(), line.strip_prefix("error: ")) {
        (ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand, _) => {
            "the command is not complete; 'help' lists what may follow".to_owned()
        }
        (_, Some(line)) => line.to_owned(),
        (_, None) => line.to_owned(),
    }
}

/// The commands of the file: read and judged once, before anything is sent.
pub(super) fn lines(exec: &Exec) -> Result<&[Numbered], Error> {
    if let Some(lines) = exec.lines.get() {
        return Ok(lines);
    }
    let lines = read(&exec.file)?;
    Ok(exec.lines.get_or_init(|| lines))
}

fn read(path: &Path) -> Result<Vec<Numbered>, Error> {
    let text = String::from_utf8(file::read(path)?)
        .map_err(|_| Error::usage(format!("{}: this is not text", path.display())))?;
    let mut lines = Vec::new();
    for (number, text) in (1usize..).zip(text.lines()) {
        let wrong = |error: Error| error.at(&place(path, number));
        let line = match parse(text) {
            Ok(line) => line,
            Err(NoCommand::Empty) => continue,
            Err(NoCommand::Help(_)) => {
                return Err(wrong(Error::usage("help is for people: 'lantern --help'")));
            }
            Err(NoCommand::Wrong(error)) => return Err(wrong(error)),
        };
        if is_endless(&line.command) {
            return Err(wrong(
                Error::usage("this command never ends by itself").next("leave it out of a file"),
            ));
        }
        super::check(&line.command).map_err(wrong)?;
        lines.push(Numbered { number, line });
    }
    match lines.is_empty() {
        true => Err(Error::usage(format!("{}: no commands", path.display()))),
        false => Ok(lines),
    }
}

fn place(path: &Path, number: usize) -> String {
    format!("{}:{number}", path.display())
}

/// The least privilege that all of them can do with. What is wrong with the file, `check` tells.
pub(super) fn needs_of(exec: &Exec) -> Privilege {
    let all = lines(exec).unwrap_or_default().iter();
    all.map(|numbered| needs(&numbered.line.command)).max().unwrap_or(Privilege::User)
}

/// Judges each line as if it were run on many BMCs by itself.
pub(super) fn check_for_many(exec: &Exec, format: Format) -> Result<(), Error> {
    for Numbered { number, line } in lines(exec)? {
        let wrong = |error: Error| error.at(&place(&exec.file, *number));
        many::check(&line.command, format).map_err(wrong)?;
        if many::question(&line.command).is_some_and(|(_, _, yes)| !yes) {
            let error = Error::usage("this would ask for confirmation on each BMC");
            return Err(wrong(error.next("say --yes on that line")));
        }
        if line.output.is_some_and(|own| own != format) {
            let error = Error::usage("on many BMCs all lines have one form");
            return Err(wrong(error.next("leave out -o on that line")));
        }
    }
    Ok(())
}

pub(super) async fn run(exec: &Exec, context: &Context<'_>) -> Outcome {
    let mut worst = None;
    // Of many BMCs each has its results together; of one they are shown as they come.
    let mut transcript = context.host.as_ref().map(|_| Transcript::default());
    for Numbered { number, line } in lines(exec)? {
        // Not its words: there may be a secret among them.
        tracing::info!(line = number, "runs");
        let ended = match &mut transcript {
            Some(transcript) => share_line(line, context, transcript).await,
            None => run_line(line, context).await,
        };
        let failed = match ended {
            Ok(None) => continue,
            Ok(Some(exit)) => exit,
            Err(Error::Told(report)) => {
                let exit = report.exit;
                let error = Error::Told(report).at(&place(&exec.file, *number));
                // What came before it is kept where there are many.
                if !exec.keep_going && transcript.is_none() {
                    return Err(error);
                }
                context.voice.tell(&error);
                exit
            }
            Err(error) => return Err(error),
        };
        worst = worse(worst, failed);
        if !exec.keep_going {
            break;
        }
    }
    Ok(match transcript {
        Some(transcript) => Box::new(transcript.ended(worst)),
        None => Box::new(Ended(worst)),
    })
}

/// Runs one line, in the session of the context if it needs one, and shows what comes of it at once.
pub(super) async fn run_line(line: &Line, context: &Context<'_>) -> Result<Option<Exit>, Error> {
    let format = line.output.unwrap_or(context.format);
    let (result, address) = one(line, format, context).await?;
    output::print(result.render(format, address.as_ref())?)?;
    Ok(result.exit())
}

/// Runs one line, and adds to the transcript what comes of it.
async fn share_line(
    line: &Line,
    context: &Context<'_>,
    transcript: &mut Transcript,
) -> Result<Option<Exit>, Error> {
    let (result, address) = one(line, context.format, context).await?;
    let host = context.host.as_ref().map(|host| host.name);
    transcript.add(result.share(context.format, Origin { host, address: address.as_ref() })?);
    Ok(result.exit())
}

async fn one(
    line: &Line,
    format: Format,
    context: &Context<'_>,
) -> Result<(Box<dyn Show>, Option<Location>), Error> {
    let context = Context { format, ..*context };
    Ok(match super::offline(&line.command) {
        Some(outcome) => (outcome?, None),
        // It may be one that runs lines, as far as types can tell.
        None => {
            let outcome = Box::pin(super::run(&line.command, &context)).await?;
            (outcome, Some(context.bmc.location()))
        }
    })
}

/// The worse of two ends: what may have happened, and nobody knows, is the worst.
pub(super) fn worse(worst: Option<Exit>, exit: Exit) -> Option<Exit> {
    let rank = |exit: Exit| match exit {
        Exit::Alarm => 0,
        Exit::Failed | Exit::InUse | Exit::Taken => 1,
        Exit::Usage => 2,
        Exit::NoSession => 3,
        Exit::Partly => 3,
        Exit::Uncertain => 4,
        Exit::Interrupted | Exit::Terminated => 5,
    };
    Some(worst.filter(|worst| rank(*worst) >= rank(exit)).unwrap_or(exit))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wrong(text: &str) -> String {
        match parse(text) {
            Err(NoCommand::Wrong(Error::Told(report))) => {
                format!("{} {}", report.message, report.cause.unwrap_or_default())
            }
            other => panic!("{text}: {other:?}"),
        }
    }

    #[test]
    fn a_line_is_read_as_a_shell_reads_it() {
        for empty in ["", "  ", "# power off", "   # power off"] {
            assert!(matches!(parse(empty), Err(NoCommand::Empty)), "{empty}");
        }
        let line = parse("sensor get 'CPU1 Temp' \"FAN1\" # both").unwrap();
        let Command::Sensor(crate::cli::Sensor::Get { sensors, .. }) = &line.command else {
            panic!("{line:?}")
        };
        assert_eq!(sensors, &["CPU1 Temp", "FAN1"]);
        let line = parse("power status -o json").unwrap();
        assert_eq!(line.output, Some(crate::cli::Format::Json));
        assert!(wrong("sensor get 'CPU1").contains("quotation mark"));
    }

    #[test]
    fn a_line_has_no_connection_of_its_own_and_reads_no_lines() {
        for text in
            ["power off -H other", "-U root power off", "-P secret power off", "raw 6 1 -C 3"]
        {
            let why = wrong(text);
            assert!(why.contains("one session") && !why.contains("secret"), "{why}");
        }
        assert!(wrong("power off --nonsense").contains("--nonsense"));
        for text in ["exec file", "shell", "demo", "sim", "bmc run x"] {
            let why = wrong(text);
            assert!(why.contains("lines cannot") || why.contains("does not talk"), "{text}: {why}");
        }
        assert!(wrong("power").contains("not complete"));
        assert!(matches!(parse("help"), Err(NoCommand::Help(_))));
        assert!(matches!(parse("help power"), Err(NoCommand::Help(_))));
    }

    #[test]
    fn the_worst_end_counts() {
        let all = [Exit::Alarm, Exit::Failed, Exit::NoSession, Exit::Uncertain];
        for (nth, exit) in all.into_iter().enumerate() {
            assert_eq!(worse(None, exit), Some(exit));
            for other in &all[..nth] {
                assert_eq!(worse(Some(*other), exit), Some(exit));
                assert_eq!(worse(Some(exit), *other), Some(exit));
            }
        }
    }
}
