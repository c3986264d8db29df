(module
  (type (;0;) (sub (struct (field i64))))
  (type (;1;) (sub 0 (struct (field i64) (field i32))))
  (type (;2;) (struct (field i64) (field (ref null 2))))
  (type (;3;) (array (mut i64)))
  (type (;4;) (func (result i32)))
  (type (;5;) (func (param i32)))
  (type (;6;) (func))
  (type (;7;) (func (param i64)))
  (type (;8;) (func (result i64)))
  (type (;9;) (func (param i64) (result i64)))
  (type (;10;) (func (result f32)))
  (type (;11;) (func (param f32)))
  (type (;12;) (func (result f64)))
  (type (;13;) (func (param f64)))
  (type (;14;) (func (result v128)))
  (type (;15;) (func (param v128)))
  (type (;16;) (func (result (ref i31))))
  (type (;17;) (func (param (ref null any))))
  (type (;18;) (func (result (ref 0))))
  (type (;19;) (func (result (ref 1))))
  (type (;20;) (func (result (ref null 2))))
  (type (;21;) (func (result (ref 3))))
  (type (;22;) (func (result (ref null none))))
  (type (;23;) (func (result (ref null extern))))
  (type (;24;) (func (param (ref null extern))))
  (type (;25;) (func (result (ref null noextern))))
  (type (;26;) (func (param (ref null noextern))))
  (type (;27;) (func (result (ref null func))))
  (type (;28;) (func (param (ref null func))))
  (type (;29;) (func (result (ref null nofunc))))
  (type (;30;) (func (param (ref null nofunc))))
  (type (;31;) (func))
  (type (;32;) (func))
  (type (;33;) (func))
  (rec
    (type (;34;) (func (param f64 f32 v128) (result v128)))
    (type (;35;) (cont 34))
    (type (;36;) (func (param v128 v128 f32 f64 f32 v128 v128 f32 f64 f32 v128 v128 f32 f64 f32 v128 v128 f32 f64 f32 v128 v128 f32 f64 f32 v128 v128 f32 f64 f32 v128 v128 f32 f64 f32 v128 v128 f32 f64 f32 v128 v128 f32 f64 f32 v128 v128 f32 f64 f32 v128 v128 f32 f64 f32 v128 v128 f32 f64 f32 v128 v128 f32 f64 f32 v128 v128 f32 f64 f32 v128 v128 f32 f64 f32 v128 v128 f32 f64 f32 v128 v128 f32 f64 f32 v128 v128 f32 f64 f32 v128 v128 f32 f64 f32 v128 v128 f32 f64 f32 v128 v128 f32 f64 f32 v128 v128 f32 f64 f32 v128 v128 f32 f64 f32 v128 v128 f32 f64 f32 v128 v128 f32 f64 f32 v128 v128 f32 f64 f32 v128 v128 f32 f64 f32 v128 v128 f32 f64 f32 v128 v128 f32 f64 f32 v128 v128 f32 f64 f32 v128 v128 f32 f64 f32 v128 v128 f32 f64 f32 v128 v128 f32 f64 f32 v128 v128 f32 f64 f32 v128 v128 f32 f64 f32 v128 v128 f32 f64 f32 v128 v128 f32 f64 f32 v128 v128 f32 f64 f32 v128 v128 f32 f64 f32 v128 v128 f32 f64 f32 v128 v128 f32 f64 f32 v128 v128 f32 f64 f32 v128 v128 f32 f64 f32 v128 v128 f32 f64 f32 v128 v128 f32 f64 f32 v128 v128 f32 f64 f32 v128 v128) (result f32 f64 f32)))
    (type (;37;) (cont 36))
    (type (;38;) (func (param f64 f32 v128 v128 f32 f64 f32 v128 v128 f32 f64 f32 v128 v128 f32 f64 f32 v128 v128 f32 f64 f32 v128 v128 f32 f64 f32 v128 v128 f32 f64 f32 v128 v128 f32 f64 f32 v128 v128 f32 f64 f32 v128 v128 f32 f64 f32 v128 v128 f32 f64 f32 v128 v128 f32 f64 f32 v128 v128 f32 f64 f32 v128 v128 f32 f64 f32 v128 v128 f32 f64 f32 v128 v128 f32 f64 f32 v128 v128 f32 f64 f32 v128 v128 f32 f64 f32 v128 v128 f32 f64 f32 v128 v128 f32 f64 f32 v128 v128 f32 f64 f32 v128 v128 f32 f64 f32 v128 v128 f32 f64 f32 v128 v128 f32 f64 f32 v128 v128 f32 f64 f32 v128 v128 f32 f64 f32 v128 v128 f32 f64 f32 v128 v128 f32 f64 f32 v128 v128 f32 f64 f32 v128 v128 f32 f64 f32 v128 v128 f32 f64 f32 v128 v128 f32 f64 f32 v128 v128 f32 f64 f32 v128 v128 f32 f64 f32 v128 v128 f32 f64 f32 v128 v128 f32 f64 f32 v128 v128) (result f32 f64 f32)))
    (type (;39;) (cont 38))
    (type (;40;) (func (param f32 f64 f32 v128 v128 f32 f64) (result f32)))
    (type (;41;) (cont 40))
    (type (;42;) (func (result i64 (ref exn))))
    (type (;43;) (func (result f32 f64 f32)))
  )
  (import "lib" "wrong" (func (type 7)))
  (import "lib" "check-now" (func (type 7)))
  (import "lib" "collect" (func (type 6)))
  (import "lib" "overflow" (func (type 9)))
  (import "lib" "make-v128" (func (type 14)))
  (import "lib" "check-v128" (func (type 15)))
  (import "lib" "make-f32" (func (type 10)))
  (import "lib" "check-f32" (func (type 11)))
  (import "lib" "make-f64" (func (type 12)))
  (import "lib" "check-f64" (func (type 13)))
  (import "lib" "make-i64" (func (type 8)))
  (import "lib" "check-i64" (func (type 7)))
  (import "lib" "e0" (tag (type 7)))
  (import "lib" "e1" (tag (type 6)))
  (import "lib" "g0" (global (mut i64)))
  (import "lib" "g1" (global (mut i32)))
  (import "lib" "g2" (global (mut i64)))
  (import "lib" "g3" (global (mut i64)))
  (tag (;2;) (type 6))
  (global (;4;) (mut (ref null 41)) (ref.null 41))
  (global (;5;) (mut (ref null 35)) (ref.null 35))
  (global (;6;) (mut (ref null 35)) (ref.null 35))
  (global (;7;) (mut (ref null 37)) (ref.null 37))
  (global (;8;) (mut (ref null 39)) (ref.null 39))
  (export "main0" (func 21))
  (elem declare func 12 13 14 15 16 17 18 19 20)
  (func (;12;) (type 40)
    (local i64)
    global.get 0
    local.set 7
    local.get 7
    call 1
    local.get 7
    i64.const 6
    i64.add
    global.set 2
    local.get 6
    call 9
    local.get 5
    call 7
    local.get 4
    call 5
    local.get 3
    call 5
    local.get 2
    call 7
    local.get 1
    call 9
    local.get 0
    call 7
    local.get 7
    i64.const 4294967296
    i64.add
    local.set 7
    ;; step 26: suspend t1 1 room 3
    suspend 2
    local.get 7
    call 0
    unreachable
    local.get 7
    call 0
    unreachable
  )
  (func (;13;) (type 40)
    (local i64)
    global.get 0
    local.set 7
    local.get 7
    call 1
    local.get 7
    i64.const 6
    i64.add
    global.set 2
    local.get 6
    call 9
    local.get 5
    call 7
    local.get 4
    call 5
    local.get 3
    call 5
    local.get 2
    call 7
    local.get 1
    call 9
    local.get 0
    call 7
    local.get 7
    i64.const 4294967296
    i64.add
    local.set 7
    ;; step 24: new h2 f1 on s0
    ref.func 12
    cont.new 41
    global.set 4
    local.get 7
    i64.const 4294967296
    i64.add
    local.set 7
    ;; step 25: resume h2 7 to h2 suspends t0
    local.get 7
    global.set 0
    local.get 7
    global.set 2
    call 6
    call 8
    call 6
    call 4
    call 4
    call 6
    call 8
    global.get 4
    resume 41
    local.get 7
    call 0
    unreachable
    local.get 7
    call 0
    unreachable
    local.get 7
    call 0
    unreachable
  )
  (func (;14;) (type 40)
    (local i64)
    global.get 0
    local.set 7
    local.get 7
    call 1
    local.get 7
    i64.const 6
    i64.add
    global.set 2
    local.get 6
    call 9
    local.get 5
    call 7
    local.get 4
    call 5
    local.get 3
    call 5
    local.get 2
    call 7
    local.get 1
    call 9
    local.get 0
    call 7
    local.get 7
    i64.const 4294967296
    i64.add
    local.set 7
    ;; step 22: new h2 f1 on s0
    ref.func 13
    cont.new 41
    global.set 4
    local.get 7
    i64.const 4294967296
    i64.add
    local.set 7
    ;; step 23: resume h2 7 to h2 suspends t0
    local.get 7
    global.set 0
    local.get 7
    global.set 2
    call 6
    call 8
    call 6
    call 4
    call 4
    call 6
    call 8
    global.get 4
    resume 41
    local.get 7
    call 0
    unreachable
    local.get 7
    call 0
    unreachable
    local.get 7
    call 0
    unreachable
  )
  (func (;15;) (type 40)
    (local i64)
    global.get 0
    local.set 7
    local.get 7
    call 1
    local.get 7
    i64.const 6
    i64.add
    global.set 2
    local.get 6
    call 9
    local.get 5
    call 7
    local.get 4
    call 5
    local.get 3
    call 5
    local.get 2
    call 7
    local.get 1
    call 9
    local.get 0
    call 7
    local.get 7
    i64.const 4294967296
    i64.add
    local.set 7
    ;; step 20: new h2 f1 on s0
    ref.func 14
    cont.new 41
    global.set 4
    local.get 7
    i64.const 4294967296
    i64.add
    local.set 7
    ;; step 21: resume h2 7 to h2 suspends t0
    local.get 7
    global.set 0
    local.get 7
    global.set 2
    call 6
    call 8
    call 6
    call 4
    call 4
    call 6
    call 8
    global.get 4
    resume 41
    local.get 7
    call 0
    unreachable
    local.get 7
    call 0
    unreachable
    local.get 7
    call 0
    unreachable
  )
  (func (;16;) (type 40)
    (local i64)
    global.get 0
    local.set 7
    local.get 7
    call 1
    local.get 7
    i64.const 6
    i64.add
    global.set 2
    local.get 6
    call 9
    local.get 5
    call 7
    local.get 4
    call 5
    local.get 3
    call 5
    local.get 2
    call 7
    local.get 1
    call 9
    local.get 0
    call 7
    local.get 7
    i64.const 4294967296
    i64.add
    local.set 7
    ;; step 18: new h2 f1 on s0
    ref.func 15
    cont.new 41
    global.set 4
    local.get 7
    i64.const 4294967296
    i64.add
    local.set 7
    ;; step 19: resume h2 7 to h2 suspends t0
    local.get 7
    global.set 0
    local.get 7
    global.set 2
    call 6
    call 8
    call 6
    call 4
    call 4
    call 6
    call 8
    global.get 4
    resume 41
    local.get 7
    call 0
    unreachable
    local.get 7
    call 0
    unreachable
    local.get 7
    call 0
    unreachable
  )
  (func (;17;) (type 40)
    (local i64)
    global.get 0
    local.set 7
    local.get 7
    call 1
    local.get 7
    i64.const 6
    i64.add
    global.set 2
    local.get 6
    call 9
    local.get 5
    call 7
    local.get 4
    call 5
    local.get 3
    call 5
    local.get 2
    call 7
    local.get 1
    call 9
    local.get 0
    call 7
    local.get 7
    i64.const 4294967296
    i64.add
    local.set 7
    ;; step 16: new h2 f1 on s0
    ref.func 16
    cont.new 41
    global.set 4
    local.get 7
    i64.const 4294967296
    i64.add
    local.set 7
    ;; step 17: resume h2 7 to h2 suspends t0
    local.get 7
    global.set 0
    local.get 7
    global.set 2
    call 6
    call 8
    call 6
    call 4
    call 4
    call 6
    call 8
    global.get 4
    resume 41
    local.get 7
    call 0
    unreachable
    local.get 7
    call 0
    unreachable
    local.get 7
    call 0
    unreachable
  )
  (func (;18;) (type 36)
    (local i64)
    global.get 0
    local.set 232
    local.get 232
    call 1
    local.get 232
    i64.const 178
    i64.add
    global.set 2
    local.get 231
    call 5
    local.get 230
    call 5
    local.get 229
    call 7
    local.get 228
    call 9
    local.get 227
    call 7
    local.get 226
    call 5
    local.get 225
    call 5
    local.get 224
    call 7
    local.get 223
    call 9
    local.get 222
    call 7
    local.get 221
    call 5
    local.get 220
    call 5
    local.get 219
    call 7
    local.get 218
    call 9
    local.get 217
    call 7
    local.get 216
    call 5
    local.get 215
    call 5
    local.get 214
    call 7
    local.get 213
    call 9
    local.get 212
    call 7
    local.get 211
    call 5
    local.get 210
    call 5
    local.get 209
    call 7
    local.get 208
    call 9
    local.get 207
    call 7
    local.get 206
    call 5
    local.get 205
    call 5
    local.get 204
    call 7
    local.get 203
    call 9
    local.get 202
    call 7
    local.get 201
    call 5
    local.get 200
    call 5
    local.get 199
    call 7
    local.get 198
    call 9
    local.get 197
    call 7
    local.get 196
    call 5
    local.get 195
    call 5
    local.get 194
    call 7
    local.get 193
    call 9
    local.get 192
    call 7
    local.get 191
    call 5
    local.get 190
    call 5
    local.get 189
    call 7
    local.get 188
    call 9
    local.get 187
    call 7
    local.get 186
    call 5
    local.get 185
    call 5
    local.get 184
    call 7
    local.get 183
    call 9
    local.get 182
    call 7
    local.get 181
    call 5
    local.get 180
    call 5
    local.get 179
    call 7
    local.get 178
    call 9
    local.get 177
    call 7
    local.get 176
    call 5
    local.get 175
    call 5
    local.get 174
    call 7
    local.get 173
    call 9
    local.get 172
    call 7
    local.get 171
    call 5
    local.get 170
    call 5
    local.get 169
    call 7
    local.get 168
    call 9
    local.get 167
    call 7
    local.get 166
    call 5
    local.get 165
    call 5
    local.get 164
    call 7
    local.get 163
    call 9
    local.get 162
    call 7
    local.get 161
    call 5
    local.get 160
    call 5
    local.get 159
    call 7
    local.get 158
    call 9
    local.get 157
    call 7
    local.get 156
    call 5
    local.get 155
    call 5
    local.get 154
    call 7
    local.get 153
    call 9
    local.get 152
    call 7
    local.get 151
    call 5
    local.get 150
    call 5
    local.get 149
    call 7
    local.get 148
    call 9
    local.get 147
    call 7
    local.get 146
    call 5
    local.get 145
    call 5
    local.get 144
    call 7
    local.get 143
    call 9
    local.get 142
    call 7
    local.get 141
    call 5
    local.get 140
    call 5
    local.get 139
    call 7
    local.get 138
    call 9
    local.get 137
    call 7
    local.get 136
    call 5
    local.get 135
    call 5
    local.get 134
    call 7
    local.get 133
    call 9
    local.get 132
    call 7
    local.get 131
    call 5
    local.get 130
    call 5
    local.get 129
    call 7
    local.get 128
    call 9
    local.get 127
    call 7
    local.get 126
    call 5
    local.get 125
    call 5
    local.get 124
    call 7
    local.get 123
    call 9
    local.get 122
    call 7
    local.get 121
    call 5
    local.get 120
    call 5
    local.get 119
    call 7
    local.get 118
    call 9
    local.get 117
    call 7
    local.get 116
    call 5
    local.get 115
    call 5
    local.get 114
    call 7
    local.get 113
    call 9
    local.get 112
    call 7
    local.get 111
    call 5
    local.get 110
    call 5
    local.get 109
    call 7
    local.get 108
    call 9
    local.get 107
    call 7
    local.get 106
    call 5
    local.get 105
    call 5
    local.get 104
    call 7
    local.get 103
    call 9
    local.get 102
    call 7
    local.get 101
    call 5
    local.get 100
    call 5
    local.get 99
    call 7
    local.get 98
    call 9
    local.get 97
    call 7
    local.get 96
    call 5
    local.get 95
    call 5
    local.get 94
    call 7
    local.get 93
    call 9
    local.get 92
    call 7
    local.get 91
    call 5
    local.get 90
    call 5
    local.get 89
    call 7
    local.get 88
    call 9
    local.get 87
    call 7
    local.get 86
    call 5
    local.get 85
    call 5
    local.get 84
    call 7
    local.get 83
    call 9
    local.get 82
    call 7
    local.get 81
    call 5
    local.get 80
    call 5
    local.get 79
    call 7
    local.get 78
    call 9
    local.get 77
    call 7
    local.get 76
    call 5
    local.get 75
    call 5
    local.get 74
    call 7
    local.get 73
    call 9
    local.get 72
    call 7
    local.get 71
    call 5
    local.get 70
    call 5
    local.get 69
    call 7
    local.get 68
    call 9
    local.get 67
    call 7
    local.get 66
    call 5
    local.get 65
    call 5
    local.get 64
    call 7
    local.get 63
    call 9
    local.get 62
    call 7
    local.get 61
    call 5
    local.get 60
    call 5
    local.get 59
    call 7
    local.get 58
    call 9
    local.get 57
    call 7
    local.get 56
    call 5
    local.get 55
    call 5
    local.get 54
    call 7
    local.get 53
    call 9
    local.get 232
    i64.const -8589934540
    i64.add
    global.set 2
    local.get 52
    call 7
    local.get 51
    call 5
    local.get 50
    call 5
    local.get 49
    call 7
    local.get 48
    call 9
    local.get 47
    call 7
    local.get 46
    call 5
    local.get 45
    call 5
    local.get 44
    call 7
    local.get 43
    call 9
    local.get 42
    call 7
    local.get 41
    call 5
    local.get 40
    call 5
    local.get 39
    call 7
    local.get 38
    call 9
    local.get 37
    call 7
    local.get 36
    call 5
    local.get 35
    call 5
    local.get 34
    call 7
    local.get 33
    call 9
    local.get 32
    call 7
    local.get 31
    call 5
    local.get 30
    call 5
    local.get 29
    call 7
    local.get 28
    call 9
    local.get 27
    call 7
    local.get 26
    call 5
    local.get 25
    call 5
    local.get 24
    call 7
    local.get 23
    call 9
    local.get 22
    call 7
    local.get 21
    call 5
    local.get 20
    call 5
    local.get 19
    call 7
    local.get 18
    call 9
    local.get 17
    call 7
    local.get 16
    call 5
    local.get 15
    call 5
    local.get 14
    call 7
    local.get 13
    call 9
    local.get 12
    call 7
    local.get 11
    call 5
    local.get 10
    call 5
    local.get 9
    call 7
    local.get 8
    call 9
    local.get 7
    call 7
    local.get 6
    call 5
    local.get 5
    call 5
    local.get 4
    call 7
    local.get 3
    call 9
    local.get 2
    call 7
    local.get 1
    call 5
    local.get 0
    call 5
    local.get 232
    i64.const 4294967296
    i64.add
    local.set 232
    ;; step 13: return
    local.get 232
    i64.const -12884901888
    i64.add
    global.set 2
    local.get 0
    call 5
    local.get 232
    global.set 0
    local.get 232
    global.set 2
    call 6
    call 8
    call 6
    return
  )
  (func (;19;) (type 34)
    (local i64)
    global.get 0
    local.set 3
    local.get 3
    call 1
    local.get 3
    i64.const 2
    i64.add
    global.set 2
    local.get 2
    call 5
    local.get 1
    call 7
    local.get 0
    call 9
    local.get 3
    i64.const 4294967296
    i64.add
    local.set 3
    ;; step 7: throw
    local.get 3
    global.set 0
    local.get 3
    global.set 2
    call 10
    throw 0
    local.get 3
    call 0
    unreachable
  )
  (func (;20;) (type 34)
    (local i64)
    global.get 0
    local.set 3
    local.get 3
    call 1
    local.get 3
    i64.const 2
    i64.add
    global.set 2
    local.get 2
    call 5
    local.get 1
    call 7
    local.get 0
    call 9
    local.get 3
    i64.const 4294967296
    i64.add
    local.set 3
    ;; step 5: new h4 f2 on s0
    ref.func 19
    cont.new 35
    global.set 5
    local.get 3
    i64.const 4294967296
    i64.add
    local.set 3
    ;; step 6: resume h4 3 to h4 suspends t2 t0
    local.get 3
    global.set 0
    local.get 3
    global.set 2
    call 8
    call 6
    call 4
    global.get 5
    resume 35
    local.get 3
    call 0
    unreachable
    local.get 3
    call 0
    unreachable
    local.get 3
    call 0
    unreachable
  )
  (func (;21;) (type 4)
    (local i64 (ref null exn) (ref null exn) f32)
    i32.const 0
    global.set 1
    block
      try_table (catch 1 0)
        local.get 0
        i64.const 4294967296
        i64.add
        local.set 0
        ;; step 1: try
        block (type 42)
          try_table (catch_ref 0 0)
            local.get 0
            i64.const 4294967296
            i64.add
            local.set 0
            ;; step 2: try
            block (type 42)
              try_table (catch_ref 0 0)
                local.get 0
                i64.const 4294967296
                i64.add
                local.set 0
                ;; step 3: new h2 f2 on s0
                ref.func 20
                cont.new 35
                global.set 6
                local.get 0
                i64.const 4294967296
                i64.add
                local.set 0
                ;; step 4: resume h2 3 to h2 suspends t2 t0 t1
                local.get 0
                global.set 0
                local.get 0
                global.set 2
                call 8
                call 6
                call 4
                global.get 6
                resume 35
                local.get 0
                call 0
                unreachable
                local.get 0
                call 0
                unreachable
              end
              local.get 0
              call 0
              unreachable
            end
            local.set 1
            local.get 0
            i64.const 12884901888
            i64.add
            call 1
            local.get 0
            i64.const 12884901888
            i64.add
            global.set 2
            call 11
            local.get 0
            i64.const 17179869184
            i64.add
            local.set 0
            ;; step 8: rethrow
            local.get 0
            global.set 0
            local.get 1
            throw_ref
          end
          local.get 0
          call 0
          unreachable
        end
        local.set 2
        local.get 0
        call 1
        local.get 0
        i64.const -4294967296
        i64.add
        global.set 2
        call 11
        local.get 0
        i64.const 4294967296
        i64.add
        local.set 0
        ;; step 9: new h7 f4 on s0
        ref.func 18
        cont.new 37
        global.set 7
        local.get 0
        i64.const 4294967296
        i64.add
        local.set 0
        ;; step 10: bind h7 53 to h6
        local.get 0
        global.set 2
        call 4
        call 4
        call 6
        call 8
        call 6
        call 4
        call 4
        call 6
        call 8
        call 6
        call 4
        call 4
        call 6
        call 8
        call 6
        call 4
        call 4
        call 6
        call 8
        call 6
        call 4
        call 4
        call 6
        call 8
        call 6
        call 4
        call 4
        call 6
        call 8
        call 6
        call 4
        call 4
        call 6
        call 8
        call 6
        call 4
        call 4
        call 6
        call 8
        call 6
        call 4
        call 4
        call 6
        call 8
        call 6
        call 4
        call 4
        call 6
        call 8
        call 6
        call 4
        call 4
        call 6
        global.get 7
        cont.bind 37 39
        global.set 8
        local.get 0
        i64.const 4294967296
        i64.add
        local.set 0
        ;; step 11: collect
        call 2
        local.get 0
        i64.const 4294967296
        i64.add
        local.set 0
        ;; step 12: resume h6 179 to h6 suspends t1
        local.get 0
        global.set 0
        block (type 43)
          local.get 0
          global.set 2
          call 8
          call 6
          call 4
          call 4
          call 6
          call 8
          call 6
          call 4
          call 4
          call 6
          call 8
          call 6
          call 4
          call 4
          call 6
          call 8
          call 6
          call 4
          call 4
          call 6
          call 8
          call 6
          call 4
          call 4
          call 6
          call 8
          call 6
          call 4
          call 4
          call 6
          call 8
          call 6
          call 4
          call 4
          call 6
          call 8
          call 6
          call 4
          call 4
          call 6
          call 8
          call 6
          call 4
          call 4
          call 6
          call 8
          call 6
          call 4
          call 4
          call 6
          call 8
          call 6
          call 4
          call 4
          call 6
          call 8
          call 6
          call 4
          call 4
          call 6
          call 8
          call 6
          call 4
          call 4
          call 6
          call 8
          call 6
          call 4
          call 4
          call 6
          call 8
          call 6
          call 4
          call 4
          call 6
          call 8
          call 6
          call 4
          call 4
          call 6
          call 8
          call 6
          call 4
          call 4
          call 6
          call 8
          call 6
          call 4
          call 4
          call 6
          call 8
          call 6
          call 4
          call 4
          call 6
          call 8
          call 6
          call 4
          call 4
          call 6
          call 8
          call 6
          call 4
          call 4
          call 6
          call 8
          call 6
          call 4
          call 4
          call 6
          call 8
          call 6
          call 4
          call 4
          call 6
          call 8
          call 6
          call 4
          call 4
          call 6
          call 8
          call 6
          call 4
          call 4
          call 6
          call 8
          call 6
          call 4
          call 4
          call 6
          call 8
          call 6
          call 4
          call 4
          call 6
          call 8
          call 6
          call 4
          call 4
          call 6
          call 8
          call 6
          call 4
          call 4
          call 6
          call 8
          call 6
          call 4
          call 4
          call 6
          call 8
          call 6
          call 4
          call 4
          call 6
          call 8
          call 6
          call 4
          call 4
          call 6
          call 8
          call 6
          call 4
          call 4
          call 6
          call 8
          call 6
          call 4
          call 4
          call 6
          call 8
          call 6
          call 4
          call 4
          call 6
          call 8
          call 6
          call 4
          call 4
          global.get 8
          resume 39
          br 0
        end
        local.get 0
        i64.const 4294967296
        i64.add
        call 1
        local.get 0
        i64.const 4294967298
        i64.add
        global.set 2
        call 7
        call 9
        local.tee 3
        call 7
        local.get 0
        i64.const 8589934592
        i64.add
        local.set 0
        ;; step 14: new h2 f1 on s0
        ref.func 17
        cont.new 41
        global.set 4
        local.get 0
        i64.const 4294967296
        i64.add
        local.set 0
        ;; step 15: resume h2 7 to h2 suspends t0
        local.get 0
        global.set 0
        local.get 0
        global.set 2
        call 6
        call 8
        call 6
        call 4
        call 4
        call 6
        call 8
        global.get 4
        resume 41
        local.get 0
        call 0
        unreachable
        local.get 0
        call 0
        unreachable
        local.get 0
        call 0
        unreachable
      end
    end
    global.get 1
  )
)
