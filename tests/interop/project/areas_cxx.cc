#include "shapes.h"

#include <algorithm>
#include <functional>
#include <iostream>
#include <map>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

namespace {

struct Visitor {
    virtual ~Visitor() { std::cout << "visitor gone\n"; }
    virtual void see(const Shape &s) = 0;
};

struct Sum : Visitor {
    double total = 0;
    void see(const Shape &s) override { total += shape_area(&s); }
};

struct Names : Visitor {
    std::map<std::string, int> count;
    void see(const Shape &s) override { count[s.name]++; }
};

// Built before main, taken down after it.
struct Log {
    std::vector<std::string> lines;
    Log() { lines.push_back("begun"); }
    ~Log() { for (auto &l : lines) std::cout << "log: " << l << '\n'; }
} log_of_all;

template <class T> const T *as(const Visitor *v) { return dynamic_cast<const T *>(v); }

} // namespace

int main(int argc, char **argv)
{
    std::vector<std::unique_ptr<Visitor>> visitors;
    visitors.push_back(std::make_unique<Sum>());
    visitors.push_back(std::make_unique<Names>());
    std::vector<std::string> words(argv + 1, argv + argc);
    std::sort(words.begin(), words.end(), std::greater<>());
    for (auto &word : words) {
        Shape s = shape_parse(word.c_str());
        if (!s.name) return 3;
        std::for_each(visitors.begin(), visitors.end(), [&](auto &v) { v->see(s); });
        log_of_all.lines.push_back(word);
    }
    std::ostringstream out;
    for (auto &v : visitors) {
        if (auto sum = as<Sum>(v.get())) out << "sum " << sum->total << "; ";
        if (auto names = as<Names>(v.get()))
            for (auto &[name, n] : names->count) out << name << " x" << n << "; ";
    }
    std::cout << out.str() << std::endl;
    return 0;
}
