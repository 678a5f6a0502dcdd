# Of a trace in LCOV's format: prints the lines of code that never ran, and ends with how many there are and ran.
# Tests are no code: files of that name, and what follows #[cfg(test)] at the end of a file.
/^SF:/ {
    file = substr($0, 4)
    number = tests = 0
    while ((getline line < file) > 0) {
        text[++number] = line
        if (!tests && line ~ /^#\[cfg\(test\)\]$/) tests = number
    }
    close(file)
    name = substr(file, index(file, "slack-proto/"))
}
/^DA:/ {
    split(substr($0, 4), field, ",")
    if (name ~ /\/tests(\.rs$|\/)/ || tests && field[1] > tests) next
    all++
    if (field[2] > 0) { ran++; next }
    gsub(/^ +/, "", text[field[1]])
    print name ":" field[1] ": " text[field[1]]
}
END { printf "%d %d\n", all, ran }
