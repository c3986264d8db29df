# awk -v root=SOURCE/ -v percent_min=P -f table.awk unreachable.txt core.lcov: a line for each file of
# core/, with the ranges of lines that nothing executed, and the totals: of all lines, and without
# those that unreachable.txt names. Exit status 1 where that list is not right, or where fewer than P
# of 100 lines were executed, the list not left out.

function wrong(text) {
  print "coverage: " text
  failed = 1
}

function trimmed(text) {
  gsub(/^[ \t]+|[ \t]+$/, "", text)
  return text
}

# The number of the one line of the file that is `text`; 0 where there is none, or several.
function place_of(file, text,    line, number, found) {
  while ((getline line < (root file)) > 0) {
    ++number
    if (trimmed(line) == text) {
      if (found) { found = 0; break }
      found = number
    }
  }
  close(root file)
  return found
}

# FILE | LINES | SO | REASON
function read_unreachable(    part, count, reason, first) {
  count = split($0, part, / *[|] */)
  if (count != 4) { wrong("no four parts: " $0); return }
  reason = part[4]
  if (reason ~ /^likewise$|^part of the same$/) reason = last_reason
  last_reason = reason
  if (part[2] == "whole") { whole[part[1]] = reason; return }
  first = place_of(part[1], part[3])
  if (!first) { wrong("not one line of " part[1] " is so: " part[3]); return }
  ++parts
  file_of[parts] = part[1]; first_of[parts] = first; end_of[parts] = first + part[2]
  reason_of[parts] = reason
}

function range(first, last) { return first == last ? first : first "-" last }

function end_range() {
  if (first_missing == "") return
  ranges = ranges (ranges == "" ? "" : ", ") range(first_missing, last_missing)
  first_missing = ""
}

function row(name, lines, covered) {
  return sprintf("%-36s %6d %8d %6.1f %%", name, lines, covered, lines ? 100 * covered / lines : 100)
}

# The lines that were not executed and are listed.
function leave_out(name, number,    index_) {
  for (index_ = 1; index_ <= parts; ++index_) {
    if (file_of[index_] == name && number >= first_of[index_] && number < end_of[index_]) {
      if (!left_out[index_]++) first_left_out[index_] = number
      last_left_out[index_] = number
      ++all_left_out
      return
    }
  }
}

FNR == NR { if ($0 !~ /^#|^$/) read_unreachable(); next }

/^SF:/ {
  name = substr($0, length(root) + 4)
  seen[name] = 1
  lines = covered = 0
  ranges = first_missing = ""
}
/^DA:/ {
  split(substr($0, 4), line, ",")
  ++lines
  if (line[2] > 0) {
    ++covered
    end_range()
  } else {
    if (first_missing == "") first_missing = line[1]
    last_missing = line[1]
    leave_out(name, line[1])
  }
}
/^end_of_record/ {
  end_range()
  table[++files] = row(name, lines, covered) "  " ranges
  all_lines += lines
  all_covered += covered
}

END {
  if (!all_lines) { wrong("nothing was measured"); exit 1 }
  printf "%-36s %6s %8s %8s  %s\n", "file", "lines", "covered", "", "never executed"
  for (file = 1; file <= files; ++file) print table[file] | "sort"
  close("sort")
  print row("core/", all_lines, all_covered)
  print row("core/, without the lines below", all_lines - all_left_out, all_covered)
  print "\nnot to be executed by programs, and why:"
  for (part = 1; part <= parts; ++part) {
    if (!left_out[part]) {
      wrong(file_of[part] ":" range(first_of[part], end_of[part] - 1) " is listed, but was executed")
      continue
    }
    printf "  %-30s %s\n", file_of[part] ":" range(first_left_out[part], last_left_out[part]), reason_of[part]
  }
  print "\nnot counted, since no replayer has source coverage of them:"
  command = "ls " root "core/*.cpp"
  while ((command | getline file) > 0) {
    name = substr(file, length(root) + 1)
    if (name in seen) {
      if (name in whole) wrong(name " is listed as a whole, but was counted")
    } else if (name in whole) {
      printf "  %-30s %s\n", name, whole[name]
    } else {
      wrong(name " was not counted, and unreachable.txt does not say why")
    }
  }
  close(command)
  if (100 * all_covered < percent_min * all_lines) {
    wrong(sprintf("%.2f %% of the lines were executed, where %d %% are wanted", 100 * all_covered / all_lines, percent_min))
  }
  exit failed
}
