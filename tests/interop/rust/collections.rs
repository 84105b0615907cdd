//! What a Rust library of an ordinary kind brings along: alloc, HashMap, formatting, traits, panics, i128, floats.
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::fmt;

#[derive(Debug, Clone, PartialEq)]
enum Token {
    Number(f64),
    Word(String),
    Group(Vec<Token>),
}

impl fmt::Display for Token {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Token::Number(n) => write!(f, "{:.3}", n),
            Token::Word(w) => write!(f, "{:>8}", w),
            Token::Group(g) => f.debug_list().entries(g.iter()).finish(),
        }
    }
}

trait Scorer {
    fn score(&self, token: &Token) -> u64;
}

struct ByText;
struct ByDepth(u64);

impl Scorer for ByText {
    fn score(&self, token: &Token) -> u64 {
        token.to_string().bytes().fold(14695981039346656037, |h, b| (h ^ b as u64).wrapping_mul(1099511628211))
    }
}

impl Scorer for ByDepth {
    fn score(&self, token: &Token) -> u64 {
        match token {
            Token::Group(g) => self.0 + g.iter().map(|t| self.score(t)).max().unwrap_or(0),
            _ => 1,
        }
    }
}

fn parse(words: &mut VecDeque<&str>) -> Vec<Token> {
    let mut out = Vec::new();
    while let Some(word) = words.pop_front() {
        match word {
            "(" => out.push(Token::Group(parse(words))),
            ")" => return out,
            _ => out.push(word.parse().map(Token::Number).unwrap_or_else(|_| Token::Word(word.to_owned()))),
        }
    }
    out
}

/// Sum over everything; the host compares it between two links of the same objects.
#[no_mangle]
pub extern "C" fn run(n: u32) -> u64 {
    let text: String = (0..n).map(|i| match i % 5 {
        0 => "( ".to_owned(),
        1 => format!("{} ", i as f64 / 7.0),
        2 => format!("w{:x} ", i * i),
        3 => ") ".to_owned(),
        _ => format!("{:?} ", (i, 'é')),
    }).collect();
    let tokens = parse(&mut text.split_whitespace().collect());
    let scorers: Vec<Box<dyn Scorer>> = vec![Box::new(ByText), Box::new(ByDepth(3))];
    let mut by_score: HashMap<u64, usize> = HashMap::new();
    let mut ordered = BTreeMap::new();
    for scorer in &scorers {
        for token in &tokens {
            let score = scorer.score(token);
            *by_score.entry(score).or_default() += 1;
            ordered.insert(score, format!("{:?}", token));
        }
    }
    let wide = by_score.keys().fold(1i128, |a, &k| a.wrapping_mul(k as i128 | 1) / 3);
    ordered.values().fold(wide as u64, |h, s| h.rotate_left(5) ^ s.len() as u64) ^ by_score.len() as u64
}

/// Panics: an index out of range, an overflow where it is checked, a message of its own.
#[no_mangle]
pub extern "C" fn fail(how: u32) -> u32 {
    let list: Vec<u32> = (0..how).collect();
    match how {
        0 => list[how as usize],
        1 => panic!("told to fail: {:?}", list),
        _ => list.iter().sum(),
    }
}

static mut CALLS: u32 = 0;

#[no_mangle]
pub extern "C" fn calls() -> u32 {
    unsafe {
        CALLS += 1;
        CALLS
    }
}
