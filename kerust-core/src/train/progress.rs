//! The progress output of a training: Keras's progress bar.

use super::logs::{Logs, Number};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::io::IsTerminal;
use std::time::{Duration, Instant};

/// The minimum time between two updates of the bar.
const REFRESH: Duration = Duration::from_millis(100);

/// The output of a training, on the standard error stream.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub enum Verbosity {
    /// No output.
    Quiet,
    /// A progress bar, or a line for each epoch if the output is not a terminal.
    #[default]
    Bar,
    /// A line for each epoch.
    Line,
}

pub(super) struct Progress {
    verbosity: Verbosity,
    bar: ProgressBar,
    epochs: usize,
    steps: usize,
    epoch_start: Instant,
    /// The end of the first step, which takes longer than later steps.
    first_step: Option<Instant>,
    shown: Instant,
}

impl Progress {
    pub(super) fn new(verbosity: Verbosity, epochs: usize) -> Self {
        let verbosity = match verbosity {
            Verbosity::Bar if !std::io::stderr().is_terminal() => Verbosity::Line,
            verbosity => verbosity,
        };
        let now = Instant::now();
        Self {
            verbosity,
            bar: ProgressBar::hidden(),
            epochs,
            steps: 0,
            epoch_start: now,
            first_step: None,
            shown: now,
        }
    }

    pub(super) fn begin_epoch(&mut self, epoch: usize, steps: usize) {
        self.steps = steps;
        self.epoch_start = Instant::now();
        self.first_step = None;
        self.shown = self.epoch_start;
        if self.verbosity == Verbosity::Quiet {
            return;
        }
        eprintln!("Epoch {}/{}", epoch + 1, self.epochs);
        if self.verbosity == Verbosity::Bar {
            let target = ProgressDrawTarget::stderr_with_hz(10);
            self.bar = ProgressBar::with_draw_target(Some(self.steps as u64), target);
            let style = ProgressStyle::with_template("{prefix:.bold} {bar:20.green/white} {msg}")
                .unwrap_or_else(|_| ProgressStyle::default_bar());
            self.bar.set_style(style.progress_chars("━━━"));
        }
    }

    /// Whether it is time for an update.
    pub(super) fn is_due(&self) -> bool {
        self.verbosity == Verbosity::Bar && self.shown.elapsed() >= REFRESH
    }

    pub(super) fn end_batch(&mut self, step: usize, logs: &Logs) {
        if self.first_step.is_none() {
            self.first_step = Some(Instant::now());
        }
        if self.is_due() {
            let done = step + 1;
            let left = self.step_time(done) * (self.steps - done) as u32;
            self.draw(done, &remaining(left), logs.len(), logs);
            self.shown = Instant::now();
        }
    }

    /// Prints the line of the epoch. The first `measured` metrics are those of the training.
    pub(super) fn end_epoch(&mut self, measured: usize, logs: &Logs) {
        let seconds = format!("{:.0}s", self.epoch_start.elapsed().as_secs_f64());
        match self.verbosity {
            Verbosity::Quiet => {}
            Verbosity::Bar => {
                self.draw(self.steps, &seconds, measured, logs);
                self.bar.finish();
            }
            Verbosity::Line => eprintln!(
                "{steps}/{steps} - {seconds} - {per_step}{numbers}",
                steps = self.steps,
                per_step = per_step(self.step_time(self.steps)),
                numbers = numbers(measured, logs)
            ),
        }
    }

    /// Prints a line without disturbing the bar.
    pub(super) fn say(&self, line: &str) {
        self.bar.suspend(|| eprintln!("{line}"));
    }

    /// Prints a warning, unless the output is quiet.
    pub(super) fn warn(&self, line: &str) {
        if self.verbosity != Verbosity::Quiet {
            self.say(line);
        }
    }

    fn draw(&self, done: usize, time: &str, measured: usize, logs: &Logs) {
        let width = self.steps.to_string().len();
        let per_step = per_step(self.step_time(done));
        let numbers = numbers(measured, logs);
        self.bar.set_prefix(format!("{done:width$}/{}", self.steps));
        self.bar.set_message(format!("{time} {per_step}{numbers}"));
        self.bar.set_position(done as u64);
    }

    fn step_time(&self, done: usize) -> Duration {
        match self.first_step {
            Some(first) if done > 1 => first.elapsed() / (done - 1) as u32,
            _ => self.epoch_start.elapsed() / done.max(1) as u32,
        }
    }
}

/// ` - accuracy: 0.8712 - loss: 0.3567 - val_accuracy: ..`: sorted as in Keras, with the metrics of the
/// training first.
fn numbers(measured: usize, logs: &Logs) -> String {
    let mut entries: Vec<_> = logs.iter().collect();
    let (train, rest) = entries.split_at_mut(measured.min(logs.len()));
    train.sort_by_key(|(name, _)| *name);
    rest.sort_by_key(|(name, _)| (!name.starts_with("val_"), *name));
    let shown = entries.iter();
    let shown = shown.map(|(name, value)| format!(" - {name}: {}", Number(*value)));
    shown.collect()
}

fn per_step(time: Duration) -> String {
    match time.as_secs_f64() {
        seconds if seconds >= 1.0 => format!("{seconds:.0}s/step"),
        seconds if seconds >= 1e-3 => format!("{:.0}ms/step", 1e3 * seconds),
        seconds => format!("{:.0}us/step", 1e6 * seconds),
    }
}

fn remaining(time: Duration) -> String {
    match time.as_secs() {
        seconds if seconds > 3600 => format!(
            "{}:{:02}:{:02}",
            seconds / 3600,
            seconds % 3600 / 60,
            seconds % 60
        ),
        seconds if seconds > 60 => format!("{}:{:02}", seconds / 60, seconds % 60),
        seconds => format!("{seconds}s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_read_as_in_keras() {
        assert_eq!(per_step(Duration::from_micros(250)), "250us/step");
        assert_eq!(per_step(Duration::from_millis(2)), "2ms/step");
        assert_eq!(per_step(Duration::from_secs(3)), "3s/step");
        assert_eq!(remaining(Duration::from_secs(59)), "59s");
        assert_eq!(remaining(Duration::from_secs(61)), "1:01");
        assert_eq!(remaining(Duration::from_secs(3661)), "1:01:01");
    }

    #[test]
    fn numbers_are_sorted_those_of_the_validation_behind() {
        let mut logs = Logs::new(&["loss".into(), "accuracy".into()], &[0.5, 0.75]);
        logs.insert("val_loss", 0.25);
        logs.insert("val_accuracy", 1.0);
        logs.insert("learning_rate", 0.001);
        let expected = " - accuracy: 0.7500 - loss: 0.5000 - val_accuracy: 1.0000 \
                        - val_loss: 0.2500 - learning_rate: 1.0000e-03";
        assert_eq!(numbers(2, &logs), expected);
    }
}
